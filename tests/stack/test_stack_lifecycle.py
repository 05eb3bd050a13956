"""Background work ends with its service, also where a cancellation gets lost."""

import asyncio

from aiohttp import web
from services.common.lifecycle import alongside


def test_work_that_swallowed_a_cancellation_is_ended_all_the_same() -> None:
    swallowed = []

    async def work() -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed.append(True)
                if len(swallowed) > 1:
                    raise

    async def run() -> None:
        life = alongside(work)(web.Application())
        await anext(life)
        await asyncio.sleep(0)  # it begins
        ending = asyncio.ensure_future(anext(life, None))
        done, _ = await asyncio.wait({ending}, timeout=30)  # not wait_for: its time-out would be one more cancellation
        assert done

    asyncio.run(run())
    assert len(swallowed) == 2
