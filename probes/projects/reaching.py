"""What a published port serves: whether it speaks HTTP, and which requests its OpenAPI description names.

Only GET is ever sent, and to loopback or the project's own published addresses alone.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from probes.projects.values import Part, Port

__all__ = ["Door", "knocked", "own_path"]

_DESCRIPTIONS = ("/openapi.json", "/swagger.json", "/v3/api-docs", "/api/openapi.json", "/api/v1/openapi.json")
_TIMEOUT_S = 2.0
_MOST_BYTES = 5_000_000
_MOST = 30
_GOOD = range(200, 400)
_URL = re.compile(r"https?://[^\s'\"|;&)]+")


@dataclass(frozen=True, slots=True)
class Door:
    """A published port that speaks HTTP."""

    service: str
    port: Port
    path: str
    """A path that answered well and that stands for its users; empty: none is known."""
    health: str
    """The path that its own health check asks; empty: none."""
    endpoints: tuple[str, ...]
    """GET requests of its OpenAPI description that answered well, with the values that the description gives."""
    open_ends: tuple[str, ...]
    """Requests of the description that were not sent: they change something, or need a value that it does not give."""
    description: str = ""
    """URL of the description; empty: none is served."""


def knocked(part: Part) -> tuple[Door, ...]:
    """Each published port of a service that speaks HTTP."""
    return tuple(door for port in part.published if (door := _door(part, port)))


def own_path(healthcheck: str, inner: int) -> str:
    """The path of the URL that a health check asks on one of the service's ports; empty: it asks none."""
    for word in _URL.findall(healthcheck):
        parts = urlsplit(word)
        if (parts.port or 80) == inner and parts.hostname in {"localhost", "127.0.0.1", "0.0.0.0", "::1"}:  # noqa: S104
            return parts.path or "/"
    return ""


def _door(part: Part, port: Port) -> Door | None:
    with requests.Session() as session:
        session.trust_env = False
        first = _get(session, port.url + "/")
        if first is None:
            return None
        health = own_path(_plain(part.healthcheck), port.inner)
        where, described = _description(session, port.url)
        endpoints, open_ends = _endpoints(described)
        answered = tuple(one for one in endpoints[:_MOST] if _is_good(session, port.url + one))
        open_ends += tuple(f"GET {one}" for one in endpoints if one not in answered)
        return Door(
            part.name, port, _chosen(session, port.url, health, answered, first), health, answered, open_ends, where
        )


def _chosen(
    session: requests.Session, url: str, health: str, endpoints: tuple[str, ...], first: requests.Response
) -> str:
    """What users ask for, as far as can be told: the front page, else an endpoint, else the health check's."""
    if first.status_code in _GOOD:
        return "/"
    if others := [one for one in endpoints if one != health]:
        return others[0]
    return health if health and _is_good(session, url + health) else ""


def _get(session: requests.Session, url: str) -> requests.Response | None:
    try:
        return session.get(url, timeout=_TIMEOUT_S, allow_redirects=False, headers={"Accept": "*/*"})
    except requests.RequestException:
        return None


def _is_good(session: requests.Session, url: str) -> bool:
    came = _get(session, url)
    return came is not None and came.status_code in _GOOD


def _description(session: requests.Session, url: str) -> tuple[str, Mapping[str, Any]]:
    for path in _DESCRIPTIONS:
        came = _get(session, url + path)
        if came is None or not came.ok or len(came.content) > _MOST_BYTES:
            continue
        try:
            read = came.json()
        except ValueError:
            continue
        if isinstance(read, dict) and isinstance(read.get("paths"), dict):
            return url + path, read
    return "", {}


def _endpoints(described: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    asked, left = [], []
    for path, methods in _mapping(described.get("paths")).items():
        for method, operation in _mapping(methods).items():
            if method.lower() not in {"get", "post", "put", "patch", "delete", "head"}:
                continue
            filled = _filled(str(path), [*_parameters(methods), *_parameters(operation)])
            if method.lower() == "get" and filled is not None:
                asked.append(filled)
            else:
                left.append(f"{method.upper()} {path}")
    return tuple(dict.fromkeys(asked)), tuple(left)


def _filled(path: str, parameters: list[Mapping[str, Any]]) -> str | None:
    """The path with the values that the description gives; None where one is needed that it does not give."""
    if not re.fullmatch(r"/[!-~]*", path):
        return None
    query = []
    for parameter in parameters:
        value, name = next(_values(parameter), None), str(parameter.get("name"))
        if not parameter.get("required") and parameter.get("in") != "path":
            continue
        if value is None or parameter.get("in") not in {"path", "query"}:
            return None
        if parameter.get("in") == "path":
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        else:
            query.append(f"{quote(name, safe='')}={quote(str(value), safe='')}")
    return None if "{" in path else "?".join([path, *(["&".join(query)] if query else [])])


def _values(parameter: Mapping[str, Any]) -> Iterator[Any]:
    for place in (parameter, _mapping(parameter.get("schema"))):
        for key in ("example", "default"):
            if place.get(key) is not None:
                yield place[key]
        if isinstance(place.get("enum"), list) and place["enum"]:
            yield place["enum"][0]


def _parameters(holder: Any) -> list[Mapping[str, Any]]:
    listed = _mapping(holder).get("parameters")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _plain(command: str) -> str:
    try:
        return " ".join(shlex.split(command))
    except ValueError:
        return command
