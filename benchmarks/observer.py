"""An observer of another kind: raw sockets on a schedule, no HTTP library, no asyncio.

    python benchmarks/observer.py http://127.0.0.1:8080/api/products

It asks 50 times a second until it sees an answer that is not good, then 1,000 times a second until one is good again:
so it is exact where it matters, and is not itself the load that keeps a small machine from coming back.

Writes one line an answer, `SENT_NS DONE_NS OUTCOME` (good, degraded, bad), until SIGINT or SIGTERM. UTC nanoseconds.
"""

import selectors
import signal
import socket
import sys
import time
from collections import deque
from urllib.parse import urlsplit

CALM, ALERT = 50, 1000
"""Requests a second."""
MOST = 256
"""Requests outstanding at once; one that would be more is left out."""
TIMEOUT_S = 1.0


class Observer:
    """Keeps connections, sends what is due on one that is idle, and reads what comes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self._selector = selectors.DefaultSelector()
        self._idle: deque[socket.socket] = deque()
        self._busy: dict[socket.socket, tuple[int, bytearray]] = {}
        self._rate = CALM
        self._noticed_ns = 0
        self._ended = False

    def run(self) -> None:
        """Send and read until told to end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        due = time.monotonic()
        while not self._ended:
            for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                self._read(key.fileobj)  # type: ignore[arg-type]
            if time.monotonic() >= due:
                self._send()
                due = max(due + 1 / self._rate, time.monotonic() - 10 / ALERT)
        sys.stdout.flush()

    def _end(self, *_: object) -> None:
        self._ended = True

    def _send(self) -> None:
        now = time.time_ns()
        for stale in [one for one, (sent, _) in self._busy.items() if now - sent > TIMEOUT_S * 1e9]:
            self._done(stale, "bad", reusable=False)
        if len(self._busy) >= MOST:
            return
        connection = self._idle.popleft() if self._idle else None
        try:
            if connection is None:
                connection = socket.create_connection(self._address, TIMEOUT_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.setblocking(False)
                self._selector.register(connection, selectors.EVENT_READ)
            connection.send(self._request)
        except OSError:
            self._tell(now, "bad")
            if connection is not None:
                self._drop(connection)
            return
        self._busy[connection] = (now, bytearray())

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        if connection not in self._busy:
            self._idle.remove(connection)
            self._drop(connection)
        elif not data:
            self._done(connection, "bad", reusable=False)
        else:
            answer = self._busy[connection][1]
            answer += data
            head, separator, body = bytes(answer).partition(b"\r\n\r\n")
            if separator and len(body) >= length(head):
                self._done(connection, outcome(head), reusable=True)

    def _done(self, connection: socket.socket, what: str, *, reusable: bool) -> None:
        sent, _ = self._busy.pop(connection)
        self._tell(sent, what)
        if reusable:
            self._idle.append(connection)
        else:
            self._drop(connection)

    def _tell(self, sent: int, what: str) -> None:
        """One line; what is seen sets the pace."""
        now = time.time_ns()
        sys.stdout.write(f"{sent} {now} {what}\n")
        if what != "good":
            self._noticed_ns, self._rate = self._noticed_ns or now, ALERT
        elif sent > self._noticed_ns:
            self._noticed_ns, self._rate = 0, CALM

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()


def length(head: bytes) -> int:
    """Bytes of the body."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def outcome(head: bytes) -> str:
    """What the answer is worth."""
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        return "bad"
    return "degraded" if b"x-degraded: true" in head.lower() else "good"


if __name__ == "__main__":
    Observer(sys.argv[1]).run()
