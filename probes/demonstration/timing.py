"""How long each scene lasts."""

from collections.abc import Mapping

__all__ = ["seconds"]

_FULL = {"normal": 60.0, "failure": 30.0, "loop": 45.0, "proof": 100.0, "deep": 180.0}
_FAST = {"normal": 5.0, "failure": 2.0, "loop": 3.0, "proof": 4.0, "deep": 2.0}


def seconds(*, fast: bool, short: bool) -> Mapping[str, float]:
    """By scene; 0 leaves it out."""
    chosen = _FAST if fast else _FULL
    return {**chosen, "deep": 0.0} if short else chosen
