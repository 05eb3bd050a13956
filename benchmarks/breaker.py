"""What our breaker adds to a call that it lets through, over the library that it is made of."""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.table import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stack"))  # its services are run by path

from interlock import CircuitBreaker
from services.common import breaker as ours
from services.common.settings import BreakerSettings

AIM = 1.3
CALLS = 5_000
ROUNDS = 15
"""The two take turns, so that whatever else the machine does hits both."""


async def _work() -> int:
    return 1


async def _seconds(call: Callable[[], Awaitable[int]]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return time.perf_counter() - began


async def _measured() -> tuple[float, float]:
    guarded = ours.Breaker("benchmark", BreakerSettings())
    library = CircuitBreaker(name="bare", config=ours._config(BreakerSettings()))  # noqa: SLF001 - the same settings

    async def bare() -> int:
        async with library:
            return await _work()

    async def with_ours() -> int:
        return await guarded.call(_work)

    rounds = [(await _seconds(with_ours), await _seconds(bare)) for _ in range(ROUNDS + 1)][1:]
    return tuple(statistics.median(times) / CALLS * 1e6 for times in zip(*rounds, strict=True))  # type: ignore[return-value]


def measure() -> list[Row]:
    """Microseconds a call, the median of the rounds."""
    mine, theirs = asyncio.run(_measured())
    met = mine <= AIM * theirs
    return [Row("breaker around a call, closed", "the bare library call", mine, theirs, "µs", f"≤ {AIM} ×", met)]
