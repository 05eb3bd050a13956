"""The load's HTTP client: one connection, kept; each request sent once, recorded from the time it was due.

For speed it is a parser on a socket: no cookies, no redirects, no compression, no proxies, no https. Its calls are
those of Locust's own clients: `get`, `post`, `request`; `name`, `json`, `headers`, `catch_response`.
"""

import json
import re
import time
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import gevent
from geventhttpclient._parser import HTTPParseError
from locust.event import EventHook
from locust.exception import CatchResponseError, ResponseError
from wire import OURS, Connection, Headers, Host

__all__ = ["Answer", "Client"]

_PATH = re.compile(r"/[!-~]*")


class Answer:
    """What came back: status 0 where nothing did. In a `with` block it is recorded when the block is left."""

    __slots__ = ("_manual", "_report", "content", "error", "headers", "status_code")

    def __init__(self, status: int, headers: Headers, content: bytes, error: BaseException | None) -> None:
        self.status_code = status
        self.headers = headers
        self.content = content
        self.error = error
        self._manual: Exception | None = None
        self._report: Any = None

    @property
    def ok(self) -> bool:
        """Whether the answer is whole and its status 2xx or 3xx."""
        return self.error is None and 200 <= self.status_code < 400  # noqa: PLR2004

    @property
    def text(self) -> str:
        """The body, whatever its encoding claims."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.content)

    def failure(self, why: str) -> None:
        """Count the request as failed though it was answered: the content is not what was asked for."""
        self._manual = CatchResponseError(why)

    @property
    def exception(self) -> BaseException | None:
        """What Locust's statistics list: why the request failed, None where it did not."""
        if self._manual or self.error or self.ok:
            return self._manual or self.error
        return ResponseError(f"HTTP {self.status_code}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(value, Exception):
            self._manual = value
        if value is None or isinstance(value, Exception):
            self._report(self)


class Client:
    """One user's client. `due_ns`: when its next request is due, set by whoever keeps a schedule."""

    def __init__(self, host: Host, timeout_s: float, fired: EventHook) -> None:
        self._host = host
        self._timeout_s = timeout_s
        self._fired = fired
        self._connection: Connection | None = None
        self.due_ns: int | None = None

    def get(self, path: str, **options: Any) -> Answer:
        """`GET path`; options as of `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        """`POST path`; options as of `request`."""
        return self.request("POST", path, **options)

    def request(  # noqa: PLR0913 - as Locust has it
        self,
        method: str,
        path: str,
        *,
        name: str | None = None,
        data: bytes = b"",
        json: Any = None,
        headers: dict[str, str] | None = None,
        catch_response: bool = False,
    ) -> Answer:
        """Send a request and record it; with `catch_response`, when the `with` block is left that it is used in.

        Never raises for what a server does. Raises ValueError for a path that is none, and OSError where this
        machine has no more sockets.
        """
        message = self._message(method, path, data if json is None else _dumped(json), headers, json is not None)
        sent_ns = time.monotonic_ns()
        due_ns, self.due_ns = self.due_ns, None
        answer = self._exchange(method, message)
        ended_ns = time.monotonic_ns()
        times = (sent_ns if due_ns is None else due_ns, sent_ns, ended_ns)
        answer._report = lambda told: self._report(method, name or path, told, times)  # noqa: SLF001
        if not catch_response:
            answer._report(answer)  # noqa: SLF001
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _message(self, method: str, path: str, body: bytes, headers: dict[str, str] | None, is_json: bool) -> bytes:
        if not body and not headers and method == "GET":
            return _bare(self._host, path)
        lines = [_line(self._host, method, path)]
        if is_json:
            lines.append("Content-Type: application/json\r\n")
        if body or method in {"POST", "PUT", "PATCH"}:
            lines.append(f"Content-Length: {len(body)}\r\n")
        lines.extend(f"{key}: {value}\r\n" for key, value in (headers or {}).items())
        lines.append("\r\n")
        return "".join(lines).encode("latin-1") + body

    def _exchange(self, method: str, message: bytes) -> Answer:
        # A new one each time: one that is started again goes on with what was left of it.
        timeout = gevent.Timeout.start_new(self._timeout_s)
        connection = self._connection
        try:
            if connection is not None and not connection.is_alive():
                self.close()
                connection = None
            if connection is None:
                connection = self._connection = Connection(self._host.connect())
            connection.exchange(method, message)
        except gevent.Timeout as expired:
            if expired is not timeout:
                raise
            self.close()
            return Answer(0, Headers(), b"", TimeoutError(f"no answer within {self._timeout_s:g} s"))
        except (OSError, HTTPParseError) as error:
            if getattr(error, "errno", None) in OURS:
                raise
            return self._broken(error)
        except BaseException:
            self.close()
            raise
        finally:
            timeout.close()
        answer = Answer(connection.get_code(), connection.headers, connection.content, None)
        if not connection.should_keep_alive():
            self.close()
        return answer

    def _broken(self, error: BaseException) -> Answer:
        connection, self._connection = self._connection, None
        if connection is None:
            return Answer(0, Headers(), b"", error)
        connection.close()
        status = connection.get_code() if connection.complete else 0
        return Answer(status, connection.headers, connection.content, error)

    def _report(self, method: str, name: str, answer: Answer, times: tuple[int, int, int]) -> None:
        self._fired.fire(
            request_type=method,
            name=name,
            response_time=(times[2] - times[0]) / 1e6,
            response_length=len(answer.content),
            response=answer,
            exception=answer.exception,
            context={},
            times_ns=times,
        )


@lru_cache(maxsize=1000)
def _bare(host: Host, path: str) -> bytes:
    return (_line(host, "GET", path) + "\r\n").encode("latin-1")


def _line(host: Host, method: str, path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path: it begins with '/' and has neither blanks nor unquoted letters")
    return f"{method} {host.prefix}{path} {host.line}"


def _dumped(document: Any) -> bytes:
    return json.dumps(document).encode()
