"""Open-loop arrivals for asyncio: requests are due on a schedule, whatever became of the earlier ones."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from schedule import Schedule

__all__ = ["Arrivals"]


class Requester(Protocol):
    """What arrives."""

    async def request(self, due_ns: int) -> None:
        """Send the request and record it; must end by itself, with a time-out."""

    def unsent(self, due_ns: int) -> None:
        """Record a request that was due while too many were outstanding."""


class Arrivals:
    """Starts each request when it is due, as a task of its own that none waits for.

    `bound` limits the requests outstanding: it is there for the generator's memory, and has to lie beyond
    time-out x rate. A request that is due at the bound counts as failed; none is left out.
    """

    def __init__(self, schedule: Schedule, requester: Requester, bound: int) -> None:
        self._schedule = schedule
        self._requester = requester
        self._bound = bound
        self._outstanding = 0

    async def run(self, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Follow the schedule to its end, or until cancelled; `start` makes the tasks."""
        for due_ns in self._schedule.due_ns():
            # Late already: sleep(0) all the same, or what is due now would wait for all that is overdue.
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            if self._outstanding >= self._bound:
                self._requester.unsent(due_ns)
            else:
                self._outstanding += 1
                start(self._one(due_ns))

    async def _one(self, due_ns: int) -> None:
        try:
            await self._requester.request(due_ns)
        finally:
            self._outstanding -= 1
