"""The schedule is kept to the nanosecond, and nothing due is left out."""

import asyncio
import importlib
import itertools
import math
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from types import ModuleType

import pytest
from generators import ROOT

from reports.evidence.stages import all_due_ns


@pytest.fixture(scope="module", autouse=True)
def by_path() -> Iterator[None]:
    """The modules are found as the generators find them: beside each other."""
    sys.path.insert(0, str(ROOT / "loadtest"))
    yield
    sys.path.remove(str(ROOT / "loadtest"))


@pytest.fixture(scope="module")
def arrivals() -> ModuleType:
    return importlib.import_module("arrivals")


@pytest.fixture(scope="module")
def schedule() -> ModuleType:
    return importlib.import_module("schedule")


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


def test_no_delay_adds_up(schedule: ModuleType) -> None:
    due = schedule.Schedule.steady(7, 30).due_ns()
    assert next(islice(due, 3_000_000, None)) == 7 + 100_000 * 10**9


def test_a_duration_has_exactly_rate_times_duration_requests(schedule: ModuleType) -> None:
    assert len(list(schedule.Schedule.steady(0, 50, 2).due_ns())) == 100
    assert list(schedule.Schedule.steady(0, 10, 0.25).due_ns()) == [0, 100_000_000, 200_000_000]


def test_a_ramp_is_due_where_its_integral_says(schedule: ModuleType) -> None:
    """From 20 to 100 a second in 5 s: after t seconds 20 t + 8 t² are due, and a spike follows at once."""
    stages = schedule.parse_stages("[[5, 20, 100], [1, 500, 500], [2, 0, 0], [1, 10, 10]]")
    due = [at / 1e9 for at in schedule.Schedule(0, stages).due_ns()]
    assert len(due) == 300 + 500 + 10
    for number, at in enumerate(due[:300]):
        assert math.isclose(20 * at + 8 * at * at, number, abs_tol=1e-6)
    assert due[300:303] == [5.0, 5.002, 5.004]
    assert due[-10:] == [8 + n / 10 for n in range(10)]


def test_workers_together_make_the_whole_shape_and_no_request_twice(schedule: ModuleType) -> None:
    dice = random.Random(3)
    for _ in range(50):
        rows = [[dice.uniform(0.1, 5), dice.uniform(0, 90), dice.uniform(0, 90)] for _ in range(4)]
        stages = tuple(schedule.Stage(*row) for row in rows)
        whole = list(schedule.Schedule(0, stages).due_ns())
        parts = [list(schedule.Schedule(0, stages, index, 3).due_ns()) for index in range(3)]
        assert sorted(at for part in parts for at in part) == whole
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_judge_expects_what_the_generator_follows_to_the_nanosecond(schedule: ModuleType) -> None:
    dice = random.Random(5)
    for _ in range(100):
        rows = [[dice.uniform(0.1, 5), *dice.choices([0, dice.uniform(1, 90)], k=2)] for _ in range(3)]
        stages = (*(schedule.Stage(*row) for row in rows), schedule.Stage(math.inf, 30.0, 30.0))
        first_ns, share = dice.randrange(10**18, 2 * 10**18), dice.choice([(0, 1), (1, 3)])
        until_ns = first_ns + dice.randrange(20 * 10**9)
        followed = itertools.takewhile(
            lambda at, until_ns=until_ns: at <= until_ns, schedule.Schedule(first_ns, stages, *share).due_ns()
        )
        assert all_due_ns(stages, first_ns, share, until_ns).tolist() == list(followed)


@pytest.mark.parametrize(
    "text", ["fast", "-1", "nan", "[]", "[[1, 2]]", "[[0, 1, 1]]", "[[null, 1, 2]]", '[["a", 1, 1]]', "{}", "true x"]
)
def test_what_is_no_shape_is_refused_with_an_example(schedule: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match=r"are not understood: give requests a second, such as 100"):
        schedule.parse_stages(text)


def test_times_follow_the_monotonic_clock_whatever_the_wall_clock_does(schedule: ModuleType) -> None:
    clock = schedule.Clock(wall_ns=1_000, monotonic_ns=400)
    assert clock.utc_ns(650) == 1_250


def test_the_clock_starts_at_the_wall_clock_s_time(schedule: ModuleType) -> None:
    before = time.time_ns()
    clock = schedule.Clock.start()
    assert before <= clock.wall_ns <= time.time_ns()


def test_what_is_due_at_the_bound_is_reported_and_the_rest_goes_on(arrivals: ModuleType, schedule: ModuleType) -> None:
    async def run() -> Silent:
        server = Silent()
        overdue = schedule.Schedule.steady(time.monotonic_ns() - 2 * 10**9, 10, 1)
        async with asyncio.TaskGroup() as tasks:
            await arrivals.Arrivals(overdue, server, bound=4).run(tasks.create_task)
            server.let_go.set()
        await arrivals.Arrivals(overdue, server, bound=4).run(asyncio.ensure_future)
        return server

    server = asyncio.run(run())
    assert len(server.left) == 6
    assert len(server.sent) >= 4
    assert len(set(server.sent[:4]) | set(server.left)) == 10
