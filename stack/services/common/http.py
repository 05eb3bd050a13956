"""Calls to other services: one session, and a time-out on every call."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from services.common import tracing
from services.common.calls import CANCELLED, FAILED, GOOD, CallLog
from services.common.resolver import LastKnownResolver

__all__ = ["Answer", "CallFailed", "Client", "NotSent"]

_SERVER_ERROR = 500
_NEXT_ADDRESS_S = 0.1
"""Where a service has several copies, one that is gone may still have an address: the next one is tried after this."""


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

    def __init__(self, log: CallLog | None = None) -> None:
        self._log = log or CallLog({})
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session; belongs to the running event loop from then on."""
        connector = aiohttp.TCPConnector(
            limit=512, use_dns_cache=False, resolver=LastKnownResolver(), happy_eyeballs_delay=_NEXT_ADDRESS_S
        )
        # trust_env stays off: a proxy set for the machine is never meant for the service next door
        self._session = aiohttp.ClientSession(connector=connector)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self, method: str, url: str, timeout_s: float, body: Any = None, connect_s: float | None = None
    ) -> Answer:
        """Call and read the JSON answer within `timeout_s` seconds, name look-up and connecting included.

        With `connect_s`, a connection that took longer than that is given up as not sent.
        Raises NotSent, CallFailed; an answer below 500, or one that carries a `state`, is an answer.
        """
        if not tracing.is_on():
            return await self._call(method, url, timeout_s, body, connect_s)
        host, path = url.split("/", 3)[2:]
        with tracing.span(f"{method} /{path.partition('/')[0]}", "client", url__full=url, server__address=host) as span:
            answer = await self._call(method, url, timeout_s, body, connect_s)
            span.set(http__response__status_code=answer.status)
            return answer

    async def _call(self, method: str, url: str, timeout_s: float, body: Any, connect_s: float | None) -> Answer:
        began_ns, status, outcome = self._log.now_ns(), 0, CANCELLED
        try:
            status, text = await self._ask(method, url, timeout_s, body, connect_s)
            answer = _usable(url, status, text)
            outcome = GOOD
        except CallFailed:
            outcome = FAILED
            raise
        finally:
            self._log.note(url, began_ns, status, outcome)
        return answer

    async def _ask(
        self, method: str, url: str, timeout_s: float, body: Any, connect_s: float | None
    ) -> tuple[int, bytes]:
        """Status and body of whatever came back. Raises NotSent, CallFailed."""
        if self._session is None:
            raise NotSent(f"{url} was called before the client was opened")
        limit = aiohttp.ClientTimeout(total=timeout_s, connect=connect_s)
        try:
            async with self._session.request(
                method, url, json=body, headers=tracing.headers(), timeout=limit
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
