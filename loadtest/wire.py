"""HTTP/1.1 on a bare socket: geventhttpclient's parser, and gevent's own watchers to wait by."""

import _socket  # the unpatched socket: no layer between it and the watchers
import errno
import os
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

__all__ = ["OURS", "Connection", "Headers", "Host"]

OURS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL}
"""Errors of this process or machine: no server's failure, and not recorded as one."""

_READ, _WRITE = 1, 2
_CHUNK = 65536
_FRESH_S = 1.0


class Headers(dict[str, str]):
    """Header fields by name, in whatever case; of several by one name the last."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default`."""
        return super().get(key.lower(), default)


class Host:
    """Where the requests go. Raises ValueError with a sentence for what is not http.

    A name is looked up anew where that is a second ago, and its addresses are taken in turns: of several copies
    behind one name each has users, and one that came later has them, too.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(
                f"The load speaks http only, and {url!r} is not http: give a URL such as http://127.0.0.1:80."
            )
        self.prefix = parts.path.rstrip("/")
        self.line = f"HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nUser-Agent: stehauf\r\nAccept: */*\r\n"
        self._name = parts.hostname, parts.port or 80
        self._addresses: list[tuple[Any, ...]] = []
        self._looked_up = 0.0
        self._turn = 0

    def connect(self) -> Any:
        """A connected socket. Raises OSError."""
        for family, kind, protocol, _, address in self._in_turn():
            try:
                return _connected(_socket.socket(family, kind, protocol), address)
            except OSError as error:
                failed = error
        raise failed

    def _in_turn(self) -> list[tuple[Any, ...]]:
        """Addresses to try; another one first each time, but none of a family that comes later."""
        now = time.monotonic()
        if not self._addresses or now > self._looked_up + _FRESH_S:
            self._looked_up = now
            self._addresses = socket.getaddrinfo(*self._name, type=socket.SOCK_STREAM)
        first = [one for one in self._addresses if one[0] == self._addresses[0][0]]
        self._turn = (self._turn + 1) % len(first)
        return [*first[self._turn :], *first[: self._turn], *self._addresses[len(first) :]]


def _connected(sock: Any, address: Any) -> Any:
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = sock.connect_ex(address)
        if number == errno.EINPROGRESS:
            _wait(sock, _WRITE)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except BaseException:
        sock.close()
        raise
    if number:
        sock.close()
        raise OSError(number, os.strerror(number))
    return sock


def _wait(sock: Any, event: int) -> None:
    hub = gevent.get_hub()
    watcher = hub.loop.io(sock.fileno(), event)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()


class Connection(HTTPResponseParser):
    """A connection and what it reads."""

    def __init__(self, sock: Any) -> None:
        super().__init__()
        self.sock = sock
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(sock.fileno(), _READ)
        self.begin("GET")

    def begin(self, method: str) -> None:
        """Forget the answer before."""
        self.bodyless = method == "HEAD"
        self.headers, self.content = Headers(), b""
        self.complete = self.done = False
        self._field = self._value = ""

    def exchange(self, method: str, data: bytes) -> None:
        """Send, and read the answer. Raises OSError, HTTPParseError."""
        self.begin(method)
        sent = self.sock.send(data)
        while sent < len(data):
            _wait(self.sock, _WRITE)
            sent += self.sock.send(data[sent:])
        while not self.done:
            self._hub.wait(self._readable)
            chunk = self.sock.recv(_CHUNK)
            self.feed(chunk)
            if not chunk and not self.done:
                raise ConnectionResetError(errno.ECONNRESET, "the connection ended before the answer did")

    def is_alive(self) -> bool:
        """Whether it can be used again: the server has not closed it, and sent nothing unasked."""
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it."""
        self._readable.close()
        self.sock.close()

    # What the parser calls. A field or a value may come in pieces.

    def _on_status(self, _text: str) -> None:
        pass

    def _on_message_begin(self) -> None:
        if self.complete:
            raise HTTPParseError("a second answer")

    def _on_header_field(self, text: str) -> None:
        if self._value:
            self._keep()
        self._field += text

    def _on_header_value(self, text: str) -> None:
        self._value += text

    def _on_headers_complete(self) -> bool:
        self._keep()
        self.complete = self.get_code() >= 200  # noqa: PLR2004 - 1xx is followed by the answer
        return self.bodyless

    def _on_body(self, data: bytes) -> None:
        self.content += data

    def _on_message_complete(self) -> None:
        self.done = self.complete

    def _keep(self) -> None:
        if self._field:
            self.headers[self._field.lower()] = self._value
        self._field = self._value = ""
