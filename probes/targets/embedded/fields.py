"""Single values of a Compose file, each read strictly: a value of another shape is refused by its place."""

import re
from collections.abc import Set as AbstractSet
from typing import Any, get_args

from probes.errors import ConfigurationError
from probes.targets.embedded.plan import Check, Condition, Port

__all__ = ["depends_on", "duration_s", "health_check", "mapping", "ports", "refuse_unknown", "text_list"]

_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)", re.ASCII)
_PORT = re.compile(r"(?:(?P<host>[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<published>\d+):(?P<target>\d+)(?:/tcp)?", re.ASCII)
_CHECK_KEYS = frozenset({"test", "interval", "timeout", "retries", "start_period"})


def refuse_unknown(found: dict[Any, Any], known: AbstractSet[str], where: str) -> None:
    """Raise ConfigurationError for the first key that is not known."""
    for key in found:
        if key not in known:
            raise ConfigurationError(
                f"{where}: the embedded target does not know the key {key!r}, and leaves nothing out silently. "
                f"Take it away, or use STEHAUF_TARGET=docker."
            )


def duration_s(value: Any, where: str) -> float:
    """Seconds of a Compose duration: `500ms`, `2s`, `1m30s`."""
    if not isinstance(value, str) or _DURATION.fullmatch(value) is None:
        raise ConfigurationError(f"{where}: {value!r} is not a duration such as 500ms, 2s or 1m30s.")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(value))


def text_list(value: Any, where: str) -> tuple[str, ...]:
    """A list of plain values as texts."""
    if not isinstance(value, list) or any(isinstance(item, dict | list) or item is None for item in value):
        raise ConfigurationError(f"{where}: {value!r} is not a list of texts.")
    return tuple(str(item) for item in value)


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A mapping, or Compose's list of `NAME=value`; a name alone has the value None."""
    if isinstance(value, list):
        pairs = [text.partition("=") for text in text_list(value, where)]
        return {name: item if equals else None for name, equals, item in pairs}
    if value is not None and not isinstance(value, dict):
        raise ConfigurationError(f"{where}: {value!r} is neither a mapping nor a list.")
    for name, item in (value or {}).items():
        if isinstance(item, dict | list):
            raise ConfigurationError(f"{where}: {name} is {item!r}, not a plain value.")
    return {str(name): item for name, item in (value or {}).items()}


def ports(value: Any, where: str) -> tuple[Port, ...]:
    """Published ports; a process listens on the published port itself, so both numbers must be the same."""
    found = []
    for item in value or []:
        match = _PORT.fullmatch(str(item)) if isinstance(item, str) else None
        if match is None or match["published"] != match["target"]:
            raise ConfigurationError(
                f"{where}: ports has {item!r}; the embedded target reads 'HOST:PORT:PORT' with one and the same port."
            )
        found.append(Port((match["host"] or "127.0.0.1").strip("[]"), int(match["published"])))
    return tuple(found)


def depends_on(value: Any, where: str) -> tuple[tuple[str, Condition], ...]:
    """Both forms: a list of names, or names with their condition."""
    if isinstance(value, list):
        return tuple((name, "service_started") for name in text_list(value, f"{where}, depends_on"))
    found: list[tuple[str, Condition]] = []
    for name, item in (value or {}).items():
        options = item or {}
        refuse_unknown(options, {"condition"}, f"{where}, depends_on {name}")
        condition = options.get("condition", "service_started")
        if condition not in get_args(Condition):
            raise ConfigurationError(
                f"{where}: depends_on {name} has the condition {condition!r}; known are "
                f"{' and '.join(get_args(Condition))}."
            )
        found.append((str(name), condition))
    return tuple(found)


def health_check(value: Any, where: str) -> Check | None:
    """A health check with Compose's defaults; None where there is none."""
    if value is None:
        return None
    where = f"{where}, healthcheck"
    refuse_unknown(value, _CHECK_KEYS, where)
    command = _test(value.get("test"), where)
    if command is None:
        return None
    times = {
        f"{key}_s": duration_s(value[key], f"{where}.{key}")
        for key in ("interval", "timeout", "start_period")
        if key in value
    }
    retries = value.get("retries", 3)
    if not str(retries).isdecimal() or int(retries) < 1:
        raise ConfigurationError(f"{where}: retries is {retries!r}, not a number from 1 up.")
    return Check(command=command, retries=int(retries), **times)


def _test(value: Any, where: str) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return ("/bin/sh", "-c", value)
    kind, *rest = text_list(value, f"{where}.test") or ("",)
    if kind == "NONE":
        return None
    if kind == "CMD" and rest:
        return tuple(rest)
    if kind == "CMD-SHELL" and len(rest) == 1:
        return ("/bin/sh", "-c", rest[0])
    raise ConfigurationError(f"{where}: test is {value!r}; it begins with CMD, CMD-SHELL or NONE.")
