"""The same as `web`, for a service that calls nobody: WSGI on Waitress, ready in less than half the time.

aiohttp is made for services that wait for others, and is most of what their start takes. A service that only answers
has no use for it, and what takes long to start takes long to recover.
"""

import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from waitress.server import create_server

from services.common import log, metrics, tracing
from services.common.process import LARGEST_BODY, UNTRACED, run
from services.common.settings import Listen, Settings

__all__ = ["Answer", "Application", "serve"]

_JSON = "application/json; charset=utf-8"
_THREADS = 8
_CONNECTIONS = 1000
_LOOK_S = 1
"""Whole seconds: Waitress makes 0 of a half, and 0 means to look all the time."""

_Page = Callable[..., "Answer"]
_Environ = Mapping[str, Any]


class Answer(NamedTuple):
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: str = _JSON
    allow: str = ""

    @classmethod
    def refused(cls, status: int, reason: str, allow: str = "") -> "Answer":
        """An error, as every service says it."""
        return cls(json.dumps({"reason": reason}).encode(), status, allow=allow)


class Application:
    """A WSGI application with `/healthz`, `/metrics`, request metrics, spans and JSON errors.

    `pages` are functions by route; of a route that ends in `/{name}` the function takes what stands there.
    """

    def __init__(self, pages: Mapping[str, _Page]) -> None:
        self._pages: dict[str, _Page] = {"/healthz": _healthz, "/metrics": _metrics, **pages}
        self._prefixes = {route.partition("{")[0]: route for route in pages if route.endswith("}")}

    def __call__(self, environ: _Environ, start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
        """Answer a request."""
        began = time.perf_counter()
        route, arguments = self._route(environ["PATH_INFO"])
        method = environ["REQUEST_METHOD"] if route else "any"
        named = route or "unmatched"
        answer = self._traced(environ, method, named, arguments)
        metrics.answered(method, named, answer.status, "false", time.perf_counter() - began)
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))]
        if answer.allow:
            headers.append(("Allow", answer.allow))
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [] if method == "HEAD" else [answer.body]

    def _route(self, path: str) -> tuple[str, tuple[str, ...]]:
        """The route, and what it takes; empty where there is none."""
        if path in self._pages and not path.endswith("}"):
            return path, ()
        before, slash, last = path.rpartition("/")
        route = self._prefixes.get(before + slash) if last else None
        return (route, (last,)) if route else ("", ())

    def _traced(self, environ: _Environ, method: str, route: str, arguments: tuple[str, ...]) -> Answer:
        if not tracing.is_on() or route in UNTRACED:
            return self._answer(method, route, arguments, environ)
        came = environ.get("HTTP_TRACEPARENT")
        carrier = {"traceparent": came} if came else {}
        told = {"http__request__method": method, "http__route": route}
        with tracing.span(f"{method} {route}", "server", carrier=carrier, **told) as span:
            answer = self._answer(method, route, arguments, environ)
            span.set(http__response__status_code=answer.status)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.fail(f"answered {answer.status}")
            return answer

    def _answer(self, method: str, route: str, arguments: tuple[str, ...], environ: _Environ) -> Answer:
        page = self._pages.get(route)
        if page is None:
            return Answer.refused(HTTPStatus.NOT_FOUND, "404: Not Found")
        if method not in {"GET", "HEAD"}:
            return Answer.refused(HTTPStatus.METHOD_NOT_ALLOWED, "405: Method Not Allowed", allow="GET,HEAD")
        try:
            return page(*arguments)
        except Exception as error:  # noqa: BLE001 - the last resort: an answer that is one of ours
            log.event("error", path=environ["PATH_INFO"], exception=repr(error))
            return Answer.refused(HTTPStatus.INTERNAL_SERVER_ERROR, "an error on our side")


def serve(service: str, make: Callable[[Settings], Application]) -> None:
    """Listen as that service until SIGTERM or SIGINT, then end within about a second; see `process.run`."""
    run(service, make, _listen)


def _listen(app: Application, where: Listen, listening: Callable[..., None]) -> None:
    """Raises OSError where it cannot listen there."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = create_server(
        app,
        host=where.host,
        port=where.port,
        threads=_THREADS,
        connection_limit=_CONNECTIONS,
        max_request_body_size=LARGEST_BODY,
        asyncore_use_poll=True,
        asyncore_loop_timeout=_LOOK_S,
        ident=None,
    )
    with contextlib.suppress(SystemExit):  # told to end before Waitress heeds it: the rest is wound up all the same
        listening()
        server.run()


def _healthz() -> Answer:
    return Answer(b'{"status": "ok"}')


def _metrics() -> Answer:
    body, content_type = metrics.page()
    return Answer(body, content_type=content_type)
