"""Calls to other services: one session, and a time-out on every call."""

import json
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from services.common import tracing
from services.common.calls import CANCELLED, FAILED, GOOD, CallLog
from services.common.copies import NEXT_S, Copies
from services.common.resolver import LastKnownResolver

__all__ = ["Answer", "CallFailed", "Client", "NotSent"]

_SERVER_ERROR = 500
_SEVERAL = 2
_HTTP = 80


class CallFailed(Exception):
    """No usable answer came: a time-out, a broken connection, a 5xx, something that is not JSON."""


class NotSent(CallFailed):
    """No connection came about: the other side has certainly not seen the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]


class Client:
    """Calls services by URL, between `open` and `close`, and notes each call in its log."""

    def __init__(self, log: CallLog | None = None, names: LastKnownResolver | None = None) -> None:
        self._log = log or CallLog({})
        self._names = names or LastKnownResolver()
        self._copies: dict[str, Copies] = {}
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session; belongs to the running event loop from then on."""
        connector = aiohttp.TCPConnector(
            limit=512, use_dns_cache=False, resolver=self._names, happy_eyeballs_delay=NEXT_S
        )
        # trust_env stays off: a proxy set for the machine is never meant for the service next door
        self._session = aiohttp.ClientSession(connector=connector)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            await self._names.close()

    async def call(
        self, method: str, url: str, timeout_s: float, body: Any = None, connect_s: float | None = None
    ) -> Answer:
        """Call and read the JSON answer within `timeout_s` seconds, name look-up and connecting included.

        With `connect_s`, a connection that took longer than that is given up as not sent. Where the name has several
        addresses, what is only read (GET) is asked of another one, too, if the first is silent or fails.
        Raises NotSent, CallFailed; an answer below 500, or one that carries a `state`, is an answer.
        """
        request = _Request(method, url, timeout_s, body, connect_s)
        if not tracing.is_on():
            return await self._call(request)
        where = urlsplit(url)
        name = f"{method} /{where.path.split('/')[1]}"
        with tracing.span(name, "client", url__full=url, server__address=where.netloc) as span:
            answer = await self._call(request)
            span.set(http__response__status_code=answer.status)
            return answer

    async def _call(self, request: "_Request") -> Answer:
        where = urlsplit(request.url)
        host = where.hostname or ""
        addresses = self._names.known(host, where.port or _HTTP) if request.method == "GET" else ()
        if len(addresses) >= _SEVERAL:
            self._copies.setdefault(host, Copies())
        if not addresses or host not in self._copies:
            return await self._try(request)
        deadline = time.monotonic() + request.timeout_s

        async def one(address: str) -> Answer:
            left = max(0.001, deadline - time.monotonic())
            return await self._try(replace(request, address=address, timeout_s=left))

        # also where one is left for now: a connection by name may still be one to the copy that went
        return await self._copies[host].ask(addresses, one)

    async def _try(self, request: "_Request") -> Answer:
        began_ns, status, outcome = self._log.now_ns(), 0, CANCELLED
        try:
            status, text = await self._ask(request)
            answer = _usable(request.url, status, text)
            outcome = GOOD
        except CallFailed:
            outcome = FAILED
            raise
        finally:
            self._log.note(request.url, began_ns, status, outcome, request.address)
        return answer

    async def _ask(self, request: "_Request") -> tuple[int, bytes]:
        """Status and body of whatever came back. Raises NotSent, CallFailed."""
        url, connect_s, timeout_s = request.url, request.connect_s, request.timeout_s
        if self._session is None:
            raise NotSent(f"{url} was called before the client was opened")
        limit = aiohttp.ClientTimeout(total=timeout_s, connect=connect_s)
        to, headers = _addressed(request)
        try:
            async with self._session.request(
                request.method, to, json=request.body, headers=headers, timeout=limit
            ) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"{url} could not be reached: {error.os_error}") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise NotSent(f"{url} could not be reached within {round((connect_s or timeout_s) * 1000)} ms") from error
        except TimeoutError as error:
            raise CallFailed(f"{url} gave no answer within {round(timeout_s * 1000)} ms") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailed(f"{url} broke off: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Request:
    """One try of a call."""

    method: str
    url: str
    timeout_s: float
    body: Any
    connect_s: float | None
    address: str = ""
    """Of the copy to ask; empty: whichever answers to the name."""


def _addressed(request: _Request) -> tuple[str, dict[str, str]]:
    """URL and headers: a certain copy is asked at its address, by the service's name."""
    headers = tracing.headers()
    if not request.address:
        return request.url, headers
    where = urlsplit(request.url)
    to = where._replace(netloc=f"{request.address}:{where.port or _HTTP}")
    return to.geturl(), {**headers, "Host": where.netloc}


def _usable(url: str, status: int, text: bytes) -> Answer:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise CallFailed(f"{url} answered {status} with something that is not JSON") from error
    if not isinstance(body, dict):
        raise CallFailed(f"{url} answered {status} with JSON that is no object")
    if status >= _SERVER_ERROR and "state" not in body:
        raise CallFailed(f"{url} answered {status}: {body.get('reason', 'no reason given')}")
    return Answer(status, body)
