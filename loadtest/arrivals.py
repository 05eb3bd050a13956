"""Open-loop arrivals: requests are due on a fixed schedule, whatever became of the earlier ones."""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Arrivals", "Clock", "Schedule"]


@dataclass(frozen=True, slots=True)
class Clock:
    """UTC as the monotonic clock tells it, from one anchor taken at the start.

    A wall clock that is set during the run moves nothing: neither the schedule nor the times recorded.
    Both clocks are slewed alike, so what drifts apart is such a step and nothing else.
    """

    wall_ns: int
    monotonic_ns: int

    @classmethod
    def start(cls) -> "Clock":
        """Anchor the two clocks to each other, to the middle of the closest of five readings."""
        readings = []
        for _ in range(5):
            before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
            readings.append((after - before, cls(wall, (before + after) // 2)))
        return min(readings, key=lambda reading: reading[0])[1]

    def utc_ns(self, monotonic_ns: int) -> int:
        """UTC nanoseconds of a reading of `time.monotonic_ns()`."""
        return self.wall_ns + monotonic_ns - self.monotonic_ns


@dataclass(frozen=True, slots=True)
class Schedule:
    """When requests are due: each time is computed from its number, so that no delay adds up."""

    first_ns: int
    rate: float
    duration_s: float | None = None
    """None: until stopped."""

    def due_ns(self) -> Iterator[int]:
        """The due times (`time.monotonic_ns`), `rate` a second."""
        for number in itertools.count():
            offset_s = number / self.rate
            if self.duration_s is not None and offset_s >= self.duration_s:
                return
            yield self.first_ns + round(offset_s * 1e9)


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
