"""Two copies behind one name: one that is gone, silent or failing is seen by nobody who reads."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from services.common import resolver
from services.common.calls import CallLog
from services.common.copies import Copies
from services.common.http import Answer, CallFailed, Client
from services.common.resolver import LastKnownResolver
from stack_kit import free_port

_PATIENCE_S = 30


class Copy:
    """One copy; counts what it gets, and can hang, fail, or go."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.received = 0
        self.hosts: set[str] = set()
        self.arrived = asyncio.Event()
        self.hangs = self.fails = False
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, self.port).start()

    async def handle(self, request: web.Request) -> web.Response:
        self.received += 1
        self.arrived.set()
        self.hosts.add(request.headers["Host"])
        if self.hangs:
            await asyncio.Event().wait()
        return web.json_response({"from": self.address}, status=500 if self.fails else 200)

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


class Names(AbstractResolver):
    """Names both copies, also when one of them is gone."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family or socket.AF_INET, proto=0, flags=0)
            for one in self.addresses
        ]

    async def close(self) -> None:
        pass


class Shop:
    """A client and the two copies that it calls."""

    def __init__(self, client: Client, log: CallLog, copies: list[Copy], names: Names) -> None:
        self.client, self.log, self.copies, self.names = client, log, copies, names
        self.url = f"http://product:{copies[0].port}"

    async def get(self, timeout_s: float = _PATIENCE_S) -> Answer:
        return await self.client.call("GET", f"{self.url}/products", timeout_s)

    def asked(self) -> list[list[Any]]:
        return [call[5:] for call in self.log.after(0)["calls"]]


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    port = free_port()
    copies = [Copy(address, port) for address in ("127.0.0.1", "127.0.0.2")]
    log = CallLog({})
    names = Names(*(one.address for one in copies))
    client = Client(log, LastKnownResolver(names))
    async with AsyncExitStack() as stack:
        for one in copies:
            await one.start()
            stack.push_async_callback(one.stop)
        await client.open()
        stack.push_async_callback(client.close)
        await client.call("GET", f"http://product:{port}/products", _PATIENCE_S)
        yield Shop(client, log, copies, names)


def running(test: Callable[[Shop], Awaitable[None]]) -> None:
    async def run() -> None:
        async with shop() as one:
            await test(one)

    asyncio.run(run())


def test_readers_take_turns_among_all_copies_and_each_is_asked_by_the_services_name() -> None:
    async def test(shop: Shop) -> None:
        before = [one.received for one in shop.copies]
        for _ in range(10):
            await shop.get()
        assert [one.received - was for one, was in zip(shop.copies, before, strict=True)] == [5, 5]
        assert shop.copies[1].hosts == {f"product:{shop.copies[0].port}"}

    running(test)


@pytest.mark.parametrize("trouble", ["gone", "hangs", "fails"])
def test_a_copy_in_trouble_is_seen_by_no_reader(trouble: str) -> None:
    async def test(shop: Shop) -> None:
        first, second = shop.copies
        if trouble == "gone":
            await first.stop()
        else:
            setattr(first, trouble, True)
        answers = [await shop.get() for _ in range(10)]
        assert {answer.body["from"] for answer in answers} == {second.address}
        assert any(address == first.address for _, address in shop.asked()), "it was asked, and the list says so"

    running(test)


def test_all_that_wait_for_a_copy_when_it_dies_are_answered_by_the_other_one() -> None:
    """Its open connections break, or say nothing for ever: neither is the reader's affair."""

    async def test(shop: Shop) -> None:
        first, second = shop.copies
        first.hangs = True
        first.arrived.clear()
        asked = [asyncio.create_task(shop.get()) for _ in range(20)]
        await first.arrived.wait()
        await first.stop()
        assert {answer.body["from"] for answer in await asyncio.gather(*asked)} == {second.address}

    running(test)


def test_the_copy_that_is_left_is_asked_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_FRESH_S", 0.0)

    async def test(shop: Shop) -> None:
        first, second = shop.copies
        await shop.get()
        shop.names.addresses = (second.address,)
        async with asyncio.timeout(_PATIENCE_S):
            while shop.asked()[-2:] != [["good", second.address]] * 2:
                await shop.get()
        first.hangs = True
        before = first.received
        assert {(await shop.get()).body["from"] for _ in range(10)} == {second.address}
        assert first.received == before

    running(test)


def test_what_is_more_than_read_is_sent_once() -> None:
    async def test(shop: Shop) -> None:
        for one in shop.copies:
            one.fails = True
        before = sum(one.received for one in shop.copies)
        with pytest.raises(CallFailed):
            await shop.client.call("POST", f"{shop.url}/orders", _PATIENCE_S, {"id": "1"})
        assert sum(one.received for one in shop.copies) == before + 1

    running(test)


def test_where_no_copy_answers_the_call_fails_within_its_own_time_out() -> None:
    async def test(shop: Shop) -> None:
        for one in shop.copies:
            one.hangs = True
        with pytest.raises(CallFailed):
            await asyncio.wait_for(shop.get(0.15), _PATIENCE_S)
        assert [outcome for outcome, address in shop.asked() if address] == ["failed", "failed"]

    running(test)


def test_a_copy_that_gave_no_answer_is_asked_last_until_one_request_finds_that_it_answers() -> None:
    now, well = 0.0, {"b"}
    copies = Copies(lambda: now)

    async def one(address: str) -> str:
        if address not in well:
            raise CallFailed(address)
        return address

    async def run() -> None:
        nonlocal now
        addresses = ["a", "b"]
        assert {await copies.ask(addresses, one) for _ in range(2)} == {"b"}
        assert [copies.in_turn(addresses)[0] for _ in range(4)] == ["b"] * 4
        now = 2.5
        assert [copies.in_turn(addresses)[0] for _ in range(4)].count("a") == 1, "not by all at once"
        now = 5.0
        well.add("a")
        assert [await copies.ask(addresses, one) for _ in range(2)] in (["a", "b"], ["b", "a"])
        assert sorted([await copies.ask(addresses, one) for _ in range(4)]) == ["a", "a", "b", "b"]

    asyncio.run(run())


def test_of_many_copies_three_are_asked_for_one_answer() -> None:
    asked = []

    async def one(address: str) -> str:
        asked.append(address)
        raise CallFailed(address)

    with pytest.raises(CallFailed):
        asyncio.run(Copies().ask(list("abcdefgh"), one))
    assert len(asked) == len(set(asked)) == 3


def test_copies_that_all_fail_are_asked_again_for_one_answer_in_five() -> None:
    asked = []

    async def one(address: str) -> str:
        asked.append(address)
        raise CallFailed(address)

    async def run() -> int:
        copies = Copies()
        for _ in range(300):  # what is there to spare is used up
            with pytest.raises(CallFailed):
                await copies.ask(["a", "b"], one)
        asked.clear()
        for _ in range(500):
            with pytest.raises(CallFailed):
                await copies.ask(["a", "b"], one)
        return len(asked)

    assert asyncio.run(run()) <= 601
