"""Who reaches a service of a Compose file, and what it reaches: published ports, the host's network, the engine."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["reach"]

Broken = tuple[str, tuple[str | int, ...], str]
"""Code, path in the file, what is found."""

_LOCAL = re.compile(r"(?:127\.|\[?::1\]?$|localhost$)")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+")
"""One without a default: the others are replaced already."""
_SOCKET = re.compile(r"(?:docker|podman|containerd)\.sock$|pipe[\\/]docker_engine$")
_AROUND_IT = frozenset({"/", "/run", "/var", "/var/run"})
"""Folders that have the engine's socket in them."""


def reach(service: Mapping[str, Any]) -> Iterator[Broken]:
    """What is open that need not be."""
    for number, port in enumerate(_listed(service.get("ports"))):
        if _is_open(port):
            yield "C120", ("ports", number), f"ports has {port!r}"
    if service.get("network_mode") == "host":
        yield "C121", ("network_mode",), "network_mode is host"
    for number, volume in enumerate(_listed(service.get("volumes"))):
        if _has_socket(volume):
            yield "C130", ("volumes", number), f"volumes has {volume!r}"


def _is_open(port: Any) -> bool:
    """Whether it is published on all interfaces; a port without one of the host's gets one that is free."""
    where = str(port.get("host_ip") or "") if isinstance(port, dict) else _address(str(port))
    return where is not None and "$" not in where and not _LOCAL.match(where)


def _address(port: str) -> str | None:
    """The address in a port's short form; None where a variable stands for all of it."""
    text = _VARIABLE.sub("$", port)
    if text.partition("/")[0] == "$":
        return None
    bracket = re.match(r"\[(.*)\]:", text)
    parts = text.rsplit(":", 2)
    return bracket[1] if bracket else parts[0] if len(parts) > 2 else ""  # noqa: PLR2004 - address, port, port


def _has_socket(volume: Any) -> bool:
    if isinstance(volume, dict):
        source, target = str(volume.get("source") or ""), str(volume.get("target") or "")
    else:
        source, colon, target = _VARIABLE.sub("$", str(volume)).partition(":")
        if not colon:
            return False  # a volume without a name
        target = target.split(":")[0]
    return any(map(_SOCKET.search, (source, target))) or (source.rstrip("/") or source) in _AROUND_IT


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
