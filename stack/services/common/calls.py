"""What a service really sent to others: every call, noted below the circuit breakers and without asking them.

A breaker that says `open` and lets calls through all the same is found out here. `GET /calls?after=SEQ` lists the
calls that have ended since, in the order in which they ended.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp import web

__all__ = ["Call", "CallLog"]

_KEPT = 20_000
_AT_ONCE = 5_000
GOOD, FAILED, CANCELLED = "good", "failed", "cancelled"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that has ended."""

    upstream: str
    at_ns: int
    """When it began, UTC; the connection and the look-up of the name come after that."""
    done_ns: int
    status: int
    """HTTP status; 0 where no answer came."""
    outcome: str
    """good, failed, or cancelled by the caller: that says nothing of the other side."""
    address: str = ""
    """Of the copy that was asked, where the upstream has several."""


class CallLog:
    """The last 20,000 calls, numbered from 1 in the order in which they ended."""

    def __init__(self, upstreams: Mapping[str, str], now_ns: Callable[[], int] = time.time_ns) -> None:
        """`upstreams`: names by URL; what goes to none of them is named by its own URL."""
        self._upstreams = {f"{url}/": name for url, name in upstreams.items()}
        self._now_ns = now_ns
        self._boot = str(uuid.uuid4())
        self._calls: deque[Call] = deque(maxlen=_KEPT)
        self._last = 0

    def now_ns(self) -> int:
        """UTC, of the same clock as the transitions of the breakers."""
        return self._now_ns()

    def note(self, url: str, at_ns: int, status: int, outcome: str, address: str = "") -> None:
        """Note a call that has just ended."""
        self._last += 1
        self._calls.append(Call(self._upstream(url), at_ns, self._now_ns(), status, outcome, address))

    def after(self, seq: int) -> dict[str, Any]:
        """As `/calls` shows it: those with a higher number than `seq`, at most 5,000; `last` is the highest of all."""
        first = self._last - len(self._calls) + 1
        begin = max(first, seq + 1)
        listed = islice(self._calls, begin - first, begin - first + _AT_ONCE)
        calls = [
            [number, call.upstream, call.at_ns, call.done_ns, call.status, call.outcome, call.address]
            for number, call in enumerate(listed, begin)
        ]
        return {"boot": self._boot, "last": self._last, "calls": calls}

    async def show(self, request: web.Request) -> web.Response:
        """`GET /calls`."""
        text = request.query.get("after", "0")
        if not text.isascii() or not text.isdigit():
            raise web.HTTPBadRequest(text=f"after={text}: expected the number of a call")
        return web.json_response(self.after(int(text)))

    def _upstream(self, url: str) -> str:
        return next((name for start, name in self._upstreams.items() if url.startswith(start)), url)
