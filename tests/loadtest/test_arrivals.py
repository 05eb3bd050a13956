"""The schedule is kept to the nanosecond, and nothing due is left out."""

import asyncio
import importlib.util
import time
from itertools import islice
from types import ModuleType

import pytest
from generators import ROOT


@pytest.fixture(scope="module")
def arrivals() -> ModuleType:
    """The module, by path as the canary finds it."""
    spec = importlib.util.spec_from_file_location("arrivals", ROOT / "loadtest" / "arrivals.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Silent:
    """A server that never answers, until it is let go."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.left: list[int] = []
        self.let_go = asyncio.Event()

    async def request(self, due_ns: int) -> None:
        """Count, and wait."""
        self.sent.append(due_ns)
        await self.let_go.wait()

    def unsent(self, due_ns: int) -> None:
        """Count."""
        self.left.append(due_ns)


def test_no_delay_adds_up(arrivals: ModuleType) -> None:
    due = arrivals.Schedule(first_ns=7, rate=30).due_ns()
    assert next(islice(due, 3_000_000, None)) == 7 + 100_000 * 10**9


def test_a_duration_has_exactly_rate_times_duration_requests(arrivals: ModuleType) -> None:
    assert len(list(arrivals.Schedule(0, 50, 2).due_ns())) == 100
    assert list(arrivals.Schedule(0, 10, 0.25).due_ns()) == [0, 100_000_000, 200_000_000]


def test_times_follow_the_monotonic_clock_whatever_the_wall_clock_does(arrivals: ModuleType) -> None:
    clock = arrivals.Clock(wall_ns=1_000, monotonic_ns=400)
    assert clock.utc_ns(650) == 1_250


def test_the_clock_starts_at_the_wall_clock_s_time(arrivals: ModuleType) -> None:
    before = time.time_ns()
    clock = arrivals.Clock.start()
    assert before <= clock.wall_ns <= time.time_ns()


def test_what_is_due_at_the_bound_is_reported_and_the_rest_goes_on(arrivals: ModuleType) -> None:
    async def run() -> Silent:
        server = Silent()
        overdue = arrivals.Schedule(time.monotonic_ns() - 2 * 10**9, rate=10, duration_s=1)
        async with asyncio.TaskGroup() as tasks:
            await arrivals.Arrivals(overdue, server, bound=4).run(tasks.create_task)
            server.let_go.set()
        await arrivals.Arrivals(overdue, server, bound=4).run(asyncio.ensure_future)
        return server

    server = asyncio.run(run())
    assert len(server.left) == 6
    assert len(server.sent) >= 4
    assert len(set(server.sent[:4]) | set(server.left)) == 10
