"""Checks of single arguments of the control, made before anything is touched; each refusal names the argument."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from probes.errors import ConfigurationError

__all__ = ["require_http", "require_loopback", "require_names", "require_number", "require_switch", "require_text"]

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""Names become parts of file names."""

Number = TypeVar("Number", int, float)


def require_http(argument: str, given: Any) -> str:
    """The URL. Raises ConfigurationError where it is none of http."""
    _host_of(argument, given)
    return str(given)


def require_loopback(argument: str, given: Any) -> None:
    """Raise ConfigurationError for a URL of another machine: load goes to this one only."""
    host = _host_of(argument, given)
    if host != "localhost" and not _is_loopback(host):
        raise ConfigurationError(
            f"The argument {argument} of probes.control reads {given!r}, and '{host}' is not this machine's loopback: "
            "load is sent nowhere else; publish the service on 127.0.0.1 and give that address"
        )


def require_names(argument: str, names: Sequence[Any]) -> None:
    """Raise ConfigurationError for a name that cannot be part of a file's name, or is there twice."""
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _refused(argument, name, "names of letters, digits, '.', '_' and '-'")
    if len(set(names)) != len(names):
        raise ConfigurationError(
            f"The argument {argument} of probes.control has one name twice ({', '.join(names)}): "
            "give each a name of its own"
        )


def require_number(argument: str, given: Number, takes: str, *, least: float = 1, most: float) -> Number:
    """The number. Raises ConfigurationError unless it is of the kind of `least`, or whole, and within the limits."""
    kinds = int if isinstance(least, int) else int | float
    if isinstance(given, bool) or not isinstance(given, kinds) or not least <= given <= most:
        raise _refused(argument, given, takes)
    return given


def require_switch(argument: str, given: Any) -> bool:
    """True or false. Raises ConfigurationError for anything else: the text "false" would count as true."""
    if not isinstance(given, bool):
        raise _refused(argument, given, "true or false")
    return given


def require_text(argument: str, given: Any) -> str:
    """A text. Raises ConfigurationError for anything else."""
    if not isinstance(given, str):
        raise _refused(argument, given, "a text")
    return given


def _host_of(argument: str, given: Any) -> str:
    try:
        parts = urlsplit(given)
        host: str | None = parts.hostname
        parts.port  # noqa: B018 - raises where it is no number
    except (ValueError, TypeError, AttributeError):
        host = None
    if not isinstance(given, str) or not host or parts.scheme not in ("http", "https"):
        raise _refused(argument, given, "an http URL, such as http://127.0.0.1:8080")
    return str(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(argument: str, given: Any, takes: str) -> ConfigurationError:
    return ConfigurationError(f"The argument {argument} of probes.control reads {given!r}; it takes {takes}")
