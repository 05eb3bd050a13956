"""An app that takes its time before it listens, as many do. It knows nothing of Stehauf."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self) -> None:
        """Hello."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Nothing."""


while Path("/tmp/broken").exists():
    time.sleep(1)  # it runs, and never listens again
time.sleep(2)
ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
