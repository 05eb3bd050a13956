"""The list of calls says what the other side says: it is noted below the breaker, and asks nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from services.common.breaker import Breaker, BreakerOpen
from services.common.calls import CallLog
from services.common.http import CallFailed, Client
from services.common.settings import BreakerSettings
from stack_kit import free_port


class Upstream:
    """Alive, well or hanging, and it counts what arrives."""

    def __init__(self) -> None:
        self.hangs = False
        self.received = 0
        self.arrived = asyncio.Event()

    async def handle(self, _request: web.Request) -> web.Response:
        self.received += 1
        self.arrived.set()
        if self.hangs:
            await asyncio.Event().wait()
        return web.json_response({"well": True})


@asynccontextmanager
async def upstream() -> AsyncIterator[tuple[Upstream, str]]:
    service, port = Upstream(), free_port()
    app = web.Application()
    app.router.add_get("/{rest:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield service, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def test_what_is_listed_is_what_a_living_upstream_received() -> None:
    """It hangs, so the calls that do reach it are counted on both sides; an open breaker sends it nothing at all."""

    async def run() -> None:
        async with upstream() as (service, url):
            log = CallLog({url: "product"})
            client, breaker = Client(log), Breaker("product", BreakerSettings(reset_s=3600))
            await client.open()

            async def ask() -> str:
                try:
                    await breaker.call(lambda: client.call("GET", f"{url}/products", 0.1))
                except (CallFailed, BreakerOpen) as error:
                    return type(error).__name__
                return "good"

            assert [await ask() for _ in range(5)] == ["good"] * 5
            service.hangs = True
            assert [await ask() for _ in range(20)] == ["CallFailed"] * 3 + ["BreakerOpen"] * 17
            await client.close()
            listed = log.after(0)["calls"]
            assert service.received == len(listed) == 8
            assert [call[5] for call in listed] == ["good"] * 5 + ["failed"] * 3
            opened = breaker.report()["transitions"][0]["at_ns"]
            assert all(at <= done <= opened for _, _, at, done, *_ in listed)

    asyncio.run(run())


def test_a_breaker_that_is_off_is_found_out_by_the_upstream_and_by_the_list_alike() -> None:
    async def run() -> None:
        async with upstream() as (service, url):
            service.hangs = True
            log = CallLog({url: "product"})
            client, breaker = Client(log), Breaker("product", BreakerSettings(enabled=False))
            await client.open()
            for _ in range(6):
                with pytest.raises(CallFailed):
                    await breaker.call(lambda: client.call("GET", f"{url}/products", 0.05))
            await client.close()
            assert service.received == len(log.after(0)["calls"]) == 6

    asyncio.run(run())


def test_nobody_there_and_given_up_are_listed_as_what_they_are() -> None:
    async def run() -> None:
        async with upstream() as (service, url):
            service.hangs = True
            nobody = f"http://127.0.0.1:{free_port()}"
            log = CallLog({url: "product"})
            client = Client(log)
            await client.open()
            with pytest.raises(CallFailed):
                await client.call("GET", f"{nobody}/x", 1)
            waiting = asyncio.create_task(client.call("GET", f"{url}/products", 5))
            await service.arrived.wait()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await client.close()
            assert [call[1:2] + call[4:6] for call in log.after(0)["calls"]] == [
                [f"{nobody}/x", 0, "failed"],
                ["product", 0, "cancelled"],
            ]

    asyncio.run(run())


def test_the_list_is_read_on_from_a_number_and_shows_what_it_had_to_forget() -> None:
    log = CallLog({}, now_ns=lambda: 7)
    for _ in range(20_010):
        log.note("http://x/", 5, 200, "good")
    first = log.after(0)
    assert (first["last"], first["calls"][0][0], len(first["calls"])) == (20_010, 11, 5_000)
    assert [call[0] for call in log.after(20_008)["calls"]] == [20_009, 20_010]
    assert log.after(20_010)["calls"] == log.after(2**62)["calls"] == []
