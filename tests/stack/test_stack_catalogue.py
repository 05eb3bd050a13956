"""What shoppers see of the catalogue while the product service misbehaves: a real server, a real client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from services.common.breaker import Breaker
from services.common.http import Client
from services.common.settings import BreakerSettings
from services.storefront.catalogue import Catalogue, NoCatalogue
from stack_kit import free_port

PRODUCTS = [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}]
TIMEOUT_S = 0.3


class Misbehaving:
    """A product service that answers well until told otherwise, and counts."""

    def __init__(self) -> None:
        self.how = "well"
        self.calls = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        if self.how == "hang":
            await asyncio.Event().wait()
        if self.how == "reset":
            assert request.transport is not None
            request.transport.abort()
        if self.how == "error":
            return web.json_response({"reason": "broken"}, status=500)
        if self.how == "nonsense":
            return web.Response(text="<html>")
        if self.how == "half":
            return web.json_response({"products": [{"name": "no id"}]})
        if self.how == "missing":
            return web.json_response({"reason": "none"}, status=404)
        if request.path == "/products":
            return web.json_response({"products": PRODUCTS})
        return web.json_response(PRODUCTS[0])


@asynccontextmanager
async def shop(fallback: bool = True, breaker: bool = True) -> AsyncIterator[tuple[Misbehaving, Catalogue, Breaker]]:
    service, address = Misbehaving(), free_port()
    app = web.Application()
    app.router.add_get("/{rest:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", address).start()
    client = Client()
    await client.open()
    guard = Breaker("product", BreakerSettings(enabled=breaker, reset_s=3600))
    url = f"http://127.0.0.1:{address}"
    try:
        yield service, Catalogue(client, guard, url, timeout_s=TIMEOUT_S, fallback=fallback), guard
    finally:
        await client.close()
        await runner.cleanup()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


@pytest.mark.parametrize("how", ["hang", "reset", "error", "nonsense", "half", "missing"])
def test_every_shopper_gets_the_last_known_catalogue(how: str) -> None:
    async def test() -> None:
        async with shop() as (service, catalogue, breaker):
            fresh = await catalogue.products()
            service.how = how
            # all at once: the calls in flight when the breaker opens get it, too
            answers = await asyncio.gather(*(catalogue.products() for _ in range(20)))
            assert all(answer.degraded for answer in answers)
            assert all(answer.products == fresh.products for answer in answers)
            assert all(answer.as_of_ns == fresh.as_of_ns for answer in answers)
            assert breaker.state == "open"
            called = service.calls
            assert (await catalogue.products()).degraded
            assert service.calls == called, "an open breaker called the service"

    run(test)


def test_a_service_that_is_away_on_kept_connections_is_no_shoppers_error() -> None:
    async def test() -> None:
        async with shop() as (service, catalogue, _breaker):
            await asyncio.gather(*(catalogue.products() for _ in range(10)))  # ten connections are kept now
            service.how = "reset"
            answers = await asyncio.gather(*(catalogue.products() for _ in range(10)))
            assert all(answer.degraded for answer in answers)

    run(test)


def test_without_the_fallback_it_says_that_it_has_none() -> None:
    async def test() -> None:
        async with shop(fallback=False) as (service, catalogue, _breaker):
            await catalogue.products()
            service.how = "error"
            with pytest.raises(NoCatalogue, match="the fallback is off"):
                await catalogue.products()

    run(test)


def test_before_any_catalogue_is_known_it_says_so() -> None:
    async def test() -> None:
        async with shop() as (service, catalogue, _breaker):
            service.how = "error"
            with pytest.raises(NoCatalogue, match="none is known yet"):
                await catalogue.products()

    run(test)


def test_with_the_breaker_off_every_call_is_made_and_timed_out() -> None:
    async def test() -> None:
        async with shop(breaker=False) as (service, catalogue, breaker):
            await catalogue.products()
            service.how, service.calls = "hang", 0
            answers = await asyncio.gather(*(catalogue.products() for _ in range(10)))
            assert all(answer.degraded for answer in answers)
            assert (service.calls, breaker.state) == (10, "disabled")

    run(test)


def test_one_product_falls_back_to_the_catalogue_and_an_unknown_one_is_no_failure() -> None:
    async def test() -> None:
        async with shop() as (service, catalogue, breaker):
            await catalogue.products()
            service.how = "missing"
            for _ in range(5):
                assert (await catalogue.product("none")).product is None
            assert breaker.state == "closed"
            service.how = "error"
            found = await catalogue.product("two")
            assert (found.product, found.degraded) == (PRODUCTS[1], True)

    run(test)
