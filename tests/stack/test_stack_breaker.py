"""The circuit breaker: what opens it, what closes it, and what must not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from services.common.breaker import Breaker, BreakerOpen, Transition
from services.common.settings import BreakerSettings


class Clock:
    """Time that moves when the test says so, in seconds."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def now_ns(self) -> int:
        return int(self.now_s * 1e9)


class Failure(Exception):
    pass


async def good() -> str:
    return "good"


async def bad() -> str:
    raise Failure("no answer")


async def open_it(breaker: Breaker) -> None:
    for _ in range(3):
        with pytest.raises(Failure):
            await breaker.call(bad)


def make(clock: Clock, changed: Callable[[str, Transition], None] | None = None, **settings: object) -> Breaker:
    return Breaker(
        "b",
        BreakerSettings(**settings),  # type: ignore[arg-type]
        clock=clock,
        now_ns=clock.now_ns,
        changed=changed or (lambda _name, _transition: None),
    )


async def settled(calls: list[Awaitable[str]]) -> list[str]:
    return [
        type(result).__name__ if isinstance(result, BaseException) else result
        for result in await asyncio.gather(*calls, return_exceptions=True)
    ]


def test_opens_after_three_consecutive_failures_and_closes_after_one_good_trial() -> None:
    clock, seen = Clock(), []

    async def run() -> None:
        breaker = make(clock, lambda _name, transition: seen.append(transition))
        await open_it(breaker)
        clock.now_s = 101.0
        assert await breaker.call(good) == "good"
        assert breaker.state == "closed"

    asyncio.run(run())
    assert seen == [
        Transition(1, 100_000_000_000, "closed", "open", "3 consecutive failures, the last: no answer"),
        Transition(2, 101_000_000_000, "open", "half-open", "1 s have passed: one trial call"),
        Transition(3, 101_000_000_000, "half-open", "closed", "the trial call succeeded"),
    ]


def test_a_success_in_between_starts_the_count_again() -> None:
    async def run() -> None:
        breaker = make(Clock())
        for function in (bad, bad, good, bad, bad):
            await settled([breaker.call(function)])
        assert (breaker.state, breaker.report()["failures"]) == ("closed", 2)
        await settled([breaker.call(bad)])
        assert (breaker.state, breaker.report()["failures"]) == ("open", 3)

    asyncio.run(run())


def test_an_open_breaker_does_not_call() -> None:
    async def run() -> None:
        breaker, called = make(Clock()), []

        async def watched() -> str:
            called.append(1)
            return "good"

        await open_it(breaker)
        with pytest.raises(BreakerOpen, match="no answer"):
            await breaker.call(watched)
        assert called == []

    asyncio.run(run())


def test_half_open_admits_exactly_one_of_ten_concurrent_calls() -> None:
    clock = Clock()

    async def run() -> None:
        breaker, answer, calls = make(clock), asyncio.Event(), []

        async def slow() -> str:
            calls.append(1)
            await answer.wait()
            return "good"

        await open_it(breaker)
        clock.now_s += 1.0
        ten = [asyncio.create_task(breaker.call(slow)) for _ in range(10)]
        assert await settled(list(ten[1:])) == ["BreakerOpen"] * 9
        assert breaker.state == "half-open"
        answer.set()
        assert await ten[0] == "good"
        assert len(calls) == 1
        assert breaker.state == "closed"

    asyncio.run(run())


def test_a_failed_trial_opens_it_for_another_second() -> None:
    clock = Clock()

    async def run() -> None:
        breaker = make(clock)
        await open_it(breaker)
        clock.now_s += 1.0
        assert await settled([breaker.call(bad)]) == ["Failure"]
        clock.now_s += 0.9
        assert await settled([breaker.call(good)]) == ["BreakerOpen"]
        clock.now_s += 0.1
        assert await settled([breaker.call(good)]) == ["good"]
        shape = [(t["from"], t["to"]) for t in breaker.report()["transitions"]]
        assert shape == [
            ("closed", "open"),
            ("open", "half-open"),
            ("half-open", "open"),
            ("open", "half-open"),
            ("half-open", "closed"),
        ]

    asyncio.run(run())


@pytest.mark.parametrize("late", [good, bad])
def test_an_answer_from_before_it_opened_changes_nothing_any_more(late: Callable[[], Awaitable[str]]) -> None:
    clock = Clock()

    async def run() -> None:
        breaker, answer = make(clock), asyncio.Event()

        async def delayed() -> str:
            await answer.wait()
            return await late()

        straggler = asyncio.create_task(breaker.call(delayed))
        await asyncio.sleep(0)
        await open_it(breaker)
        before = breaker.report()
        answer.set()
        await settled([straggler])
        assert breaker.report() == before
        assert breaker.state == "open"

    asyncio.run(run())


def test_a_late_answer_does_not_decide_the_trial() -> None:
    clock = Clock()

    async def run() -> None:
        breaker, late, trial = make(clock), asyncio.Event(), asyncio.Event()

        async def when(event: asyncio.Event) -> str:
            await event.wait()
            return "good"

        straggler = asyncio.create_task(breaker.call(lambda: when(late)))
        await asyncio.sleep(0)
        await open_it(breaker)
        clock.now_s += 1.0
        trying = asyncio.create_task(breaker.call(lambda: when(trial)))
        await asyncio.sleep(0)
        late.set()
        await straggler
        assert breaker.state == "half-open"
        trial.set()
        await trying
        assert breaker.state == "closed"

    asyncio.run(run())


def test_a_cancelled_trial_gives_its_place_to_the_next_call() -> None:
    clock = Clock()

    async def run() -> None:
        breaker = make(clock)
        await open_it(breaker)
        clock.now_s += 1.0
        trial = asyncio.create_task(breaker.call(asyncio.Event().wait))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        trial.cancel()
        assert await settled([trial]) == ["CancelledError"]  # type: ignore[list-item]
        assert await breaker.call(good) == "good"
        assert breaker.state == "closed"

    asyncio.run(run())


def test_disabled_it_lets_everything_through_and_says_so() -> None:
    async def run() -> None:
        breaker = make(Clock(), enabled=False)
        for _ in range(2):
            await open_it(breaker)
        assert await breaker.call(good) == "good"
        assert breaker.report() == {
            "name": "b",
            "enabled": False,
            "state": "disabled",
            "failures": 0,
            "transitions": [],
        }

    asyncio.run(run())


def test_the_last_thousand_transitions_are_kept() -> None:
    clock = Clock()

    async def run() -> None:
        breaker = make(clock, failures=1)
        for _ in range(400):
            await settled([breaker.call(bad)])
            clock.now_s += 1.0
            await breaker.call(good)
        kept = [transition["seq"] for transition in breaker.report()["transitions"]]
        assert kept == list(range(201, 1201))

    asyncio.run(run())
