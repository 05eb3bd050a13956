"""Asks one app, and where that has no answer the other one. It knows nothing of Stehauf."""

from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Hands on what the first that answers says."""

    def do_GET(self) -> None:
        """Of the one or the other."""
        for app in ("left", "right"):
            connection = HTTPConnection(app, 8000, timeout=0.3)
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, HTTPException):
                continue
            finally:
                connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_error(502)

    def log_message(self, *_: object) -> None:
        """Nothing."""


ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
