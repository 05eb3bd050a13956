"""Small readings that every target makes: times as engines write them, values that must not be shown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from probes.errors import TargetError
from reports.evidence.secrets import MASK, TELLING, is_secret_name

__all__ = ["check_command", "check_interval_s", "masked", "pairs", "parse_rfc3339_ns"]

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_LOGIN_IN_URL = re.compile(r"(://)[^/@\s]+@")
_GIVEN = re.compile(
    rf"([\w-]*(?:{TELLING})[\w-]*(?:=|:?\s+))(?![-$&|;])(?:(?:Bearer|Basic)\s+)?[^\s&|;'\"]+", re.IGNORECASE
)
"""A secret's name, and what it is given: `TOKEN=x`, `--password x`, `?key=x`."""
_SHORTEST = 4
"""Characters of a value that is also looked for inside of a command; a shorter one may well be part of a word."""
_NS = 1_000_000_000
_DEFAULT_INTERVAL_S = 30.0
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
        (name, MASK if is_secret_name(name) else _LOGIN_IN_URL.sub(rf"\1{MASK}@", value))
        for name, value in sorted(environment)
    )


def pairs(environment: Iterable[str] | None) -> list[tuple[str, str]]:
    """Names and values of `NAME=value`, as an engine lists a container's variables."""
    return [(name, value) for name, _, value in (text.partition("=") for text in environment or ())]


def check_interval_s(check: Mapping[str, Any]) -> float:
    """Seconds between two checks of an engine's `Healthcheck`, which has nanoseconds, and 0 for its default."""
    return (check.get("Interval") or 0) / _NS or _DEFAULT_INTERVAL_S


def check_command(test: Sequence[str], environment: Iterable[tuple[str, str]]) -> str:
    """A health check's command (`Test`, or Compose's `test`) as a text to be shown; empty where there is none.

    What bears a secret's name in it is masked, and so is any value of the service's variables that are secrets. One
    that is given literally, to an option with another name (`-a`), is not known for one.
    """
    words = [word for word in test if word]
    if not words or words[0] == "NONE":
        return ""
    text = _LOGIN_IN_URL.sub(rf"\1{MASK}@", " ".join(words[1:]))
    for name, value in environment:
        if is_secret_name(name) and not name.upper().endswith("_FILE") and len(value) >= _SHORTEST:
            text = text.replace(value, MASK)
    return _GIVEN.sub(rf"\1{MASK}", text)
