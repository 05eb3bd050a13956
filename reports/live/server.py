"""HTTP on loopback: one page that loads nothing, and the stream of changes. Nothing can be asked to change."""

import json
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reports.live.hub import Hub
from reports.live.view import as_message

__all__ = ["serve_on"]

_POLICY = "frame-ancestors 'none'"
"""The rest of the policy stands in the page."""
_BEAT_S = 2.0
"""A viewer that has gone is noticed when something is sent to it."""
_PATIENCE_S = 10.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A viewer that goes in the middle is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S

    def __init__(self, hub: Hub, page: str, *arguments: object) -> None:
        self._hub = hub
        self._page = page.encode()
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer, or refuse: another name than loopback's is another site that was pointed here."""
        name = (self.headers.get("Host") or "").rpartition(":")[0]
        if name not in {"127.0.0.1", "localhost"}:
            return self.send_error(HTTPStatus.FORBIDDEN)
        if self.path == "/events":
            return self._stream()
        if self.path != "/":
            return self.send_error(HTTPStatus.NOT_FOUND)
        self._head("text/html", ("Content-Length", str(len(self._page))))
        self.wfile.write(self._page)
        return None

    def _head(self, kind: str, *more: tuple[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        headers = (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Security-Policy", _POLICY),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        )
        for name, value in (*headers, *more):
            self.send_header(name, value)
        self.end_headers()

    def _stream(self) -> None:
        """Server-sent events: first all of the page, then what changes, until the report or the viewer's end."""
        self._head("text/event-stream")
        self._hub.enter()
        number, known = 0, dict[str, str]()
        try:
            while True:
                number, view = self._hub.later_than(number, _BEAT_S)
                if view is None:
                    self.wfile.write(b": still here\n\n")
                    continue
                self.wfile.write(f"data: {json.dumps(as_message(view, known))}\n\n".encode())
                known = view.parts
                if view.final:
                    return
        finally:
            self._hub.leave()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of requests."""


def serve_on(port: int, hub: Hub, page: str) -> ThreadingHTTPServer:
    """A server of `page`, bound to 127.0.0.1; on any free port where `port` is 0 or taken. Raises OSError."""
    handler = partial(_Handler, hub, page)
    try:
        return _Server(("127.0.0.1", port), handler)
    except OSError:
        if port == 0:
            raise
        return _Server(("127.0.0.1", 0), handler)
