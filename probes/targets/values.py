"""Small readings that every target makes: times as engines write them, values that must not be shown."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from probes.errors import TargetError

__all__ = ["masked", "parse_rfc3339_ns"]

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)
_LOGIN_IN_URL = re.compile(r"(://)[^/@\s]+@")
_NS = 1_000_000_000
_NEVER = "0001-01-01T00:00:00Z"


def parse_rfc3339_ns(text: str) -> int | None:
    """Nanoseconds since the epoch, every digit kept; None for the engine's word for never. Raises TargetError."""
    if text in {"", _NEVER}:
        return None
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise TargetError(f"The target gave the time {text!r}, which is not RFC 3339; nothing can be timed by it.")
    seconds, fraction, zone = found.groups()
    whole = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone)).astimezone(UTC)
    since_epoch = whole - datetime(1970, 1, 1, tzinfo=UTC)
    return (since_epoch.days * 86_400 + since_epoch.seconds) * _NS + int((fraction or "").ljust(9, "0"))


def masked(environment: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The variables by name, with whatever looks like a secret replaced by `***`."""
    return tuple(
        (name, "***" if _SECRET.search(name) else _LOGIN_IN_URL.sub(r"\1***@", value))
        for name, value in sorted(environment)
    )
