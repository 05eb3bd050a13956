"""The real breaker under calls that overlap in every way: the figures that judge it find nothing to say against it."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from services.common.breaker import Breaker, BreakerOpen
from services.common.calls import CANCELLED, FAILED, GOOD, CallLog
from services.common.settings import BreakerSettings

from probes.run.calls import CallWatch
from reports.evidence.reader import Evidence
from reports.evidence.samples import Sample, SampleWriter
from reports.figures import FIGURES

US = 1_000
FAILURES = 3


class Clock:
    """A time that goes on by 20 µs whenever somebody looks, as it does on a machine; in nanoseconds."""

    def __init__(self) -> None:
        self.at_ns = 1_780_000_000 * 10**9

    def now_ns(self) -> int:
        self.at_ns += 20 * US
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / 1e9


class Failure(Exception):
    pass


class World:
    """A breaker, what it guards, and calls that the test ends one by one."""

    def __init__(self, make: Callable[[Clock], Breaker]) -> None:
        self.clock = Clock()
        self.began_ns = self.clock.now_ns()
        self.log = CallLog({"http://product": "product"}, now_ns=self.clock.now_ns)
        self.breaker = make(self.clock)
        self.pending: list[asyncio.Future[bool]] = []

    async def ask(self) -> None:
        try:
            await self.breaker.call(self._call)
        except (Failure, BreakerOpen):
            return

    async def _call(self) -> None:
        """As the client does it: noted whatever comes."""
        began_ns, outcome = self.clock.now_ns(), CANCELLED
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.pending.append(answer)
        try:
            outcome = GOOD if await answer else FAILED
        finally:
            self.log.note("http://product/x", began_ns, 0, outcome)
        if outcome == FAILED:
            raise Failure("no answer")

    def evidence(self, directory: Path) -> Evidence:
        """Everything as a run records it, and a user who asked every millisecond."""
        (directory / "samples").mkdir(parents=True)
        recording = {"load": True, "canaries": [], "breakers": ["http://shop/breakers"], "calls": ["http://shop/calls"]}
        (directory / "run.json").write_text(json.dumps({"recording": recording}), encoding="utf-8")
        about = {"source": "http://shop/breakers", "breaker": "product", "boot": "b"}
        first = {"seq": 0, "at_ns": self.began_ns, "from": None, "to": "closed", "reason": None}
        lines = [{**about, "seen_ns": line["at_ns"], **line} for line in (first, *self.breaker.report()["transitions"])]
        (directory / "breakers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        watch = CallWatch("http://shop/calls", directory / "samples", "calls-1", lambda _what, _why: None)
        watch._boot = self.log.after(0)["boot"]
        while watch._take(self.log.after(watch._last)):
            pass
        watch._writer.close()
        users = SampleWriter(directory / "samples", "load", {"kind": "load"})
        for at_ns in range(self.began_ns, self.clock.at_ns, 1_000 * US):
            users.write(Sample(at_ns, 0.001, 200))
        users.close()
        return Evidence(directory)


async def lived(world: World, chance: random.Random, steps: int = 400) -> World:
    """Calls begin and end in any order; now and then the other side is well or ill for a while, or time passes."""
    tasks: list[asyncio.Task[None]] = []
    well = True
    for _ in range(steps):
        act = chance.random()
        if act < 0.45:
            tasks.append(asyncio.create_task(world.ask()))
        elif act < 0.85 and world.pending:
            world.pending.pop(chance.randrange(len(world.pending))).set_result(well or chance.random() < 0.1)
        elif act < 0.93:
            world.clock.at_ns += chance.randrange(1_500_000_000)
        else:
            well = not well
        for _ in range(6):
            await asyncio.sleep(0)
    while world.pending or world.breaker.state != "closed":
        world.clock.at_ns += 1_100_000_000
        tasks.append(asyncio.create_task(world.ask()))
        for _ in range(6):
            await asyncio.sleep(0)
        while world.pending:
            world.pending.pop().set_result(True)
        for _ in range(6):
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return world


def honest(clock: Clock) -> Breaker:
    return Breaker("product", BreakerSettings(failures=FAILURES), clock=clock, now_ns=clock.now_ns)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_said_against_a_breaker_that_works(seed: int, tmp_path: Path) -> None:
    world = asyncio.run(lived(World(honest), random.Random(seed)))
    evidence = world.evidence(tmp_path / "run")
    assert FIGURES["breaker_opened"](evidence, breaker="product") > 0
    assert FIGURES["failures_before_open"](evidence, breaker="product", configured=FAILURES) == FAILURES
    assert FIGURES["calls_while_open"](evidence, breaker="product") == 0
    assert FIGURES["trial_calls"](evidence, breaker="product") == 1
    assert FIGURES["closes_after_success"](evidence, breaker="product") is True


class OnlySays(Breaker):
    """Counts and reports like the real one, and makes the call in any case."""

    async def call(self, function: Callable[[], Awaitable[object]]) -> object:
        try:
            return await super().call(function)  # type: ignore[arg-type]
        except BreakerOpen:
            return await function()


@pytest.mark.parametrize("seed", range(2))
def test_one_that_only_says_so_is_found_out(seed: int, tmp_path: Path) -> None:
    def lying(clock: Clock) -> Breaker:
        return OnlySays("product", BreakerSettings(failures=FAILURES), clock=clock, now_ns=clock.now_ns)

    evidence = asyncio.run(lived(World(lying), random.Random(seed))).evidence(tmp_path / "run")
    assert FIGURES["calls_while_open"](evidence, breaker="product") > 0
