"""Orders: acknowledged only when stored, never lost, never fulfilled twice. A real broker, which is killed."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from services.common.broker import ACCEPTED, QUEUED, Broker, NotConnected, Unconfirmed
from services.common.settings import BrokerSettings
from stack_kit import STACK, BrokerProcess, free_port

PATIENCE_S = 60
ITEMS = [{"product_id": "tumbler-bear", "quantity": 1}]


@dataclass
class Service:
    """One service as a process of its own."""

    name: str
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{self.name}",
            cwd=STACK,
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await eventually(lambda: get(f"{self.url}/healthz"), lambda answer: answer[0] == 200)

    async def kill(self) -> None:
        if self.process is not None:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()
            self.process = None


@asynccontextmanager
async def services(broker_port: int, data: Path, *names: str) -> AsyncIterator[dict[str, Service]]:
    ports = {name: free_port() for name in ("storefront", "product", "order", "fulfilment")}
    common = {"LISTEN_HOST": "127.0.0.1", "BROKER_HOST": "127.0.0.1", "BROKER_PORT": str(broker_port)}
    common |= {"DATA_DIR": str(data), "PRODUCT_HOST": "127.0.0.1", "ORDER_HOST": "127.0.0.1"}
    common |= {"PRODUCT_PORT": str(ports["product"]), "ORDER_PORT": str(ports["order"])}
    async with AsyncExitStack() as stack:
        made = {}
        for name in names:
            service = made[name] = Service(name, {**common, "PORT": str(ports[name])})
            stack.push_async_callback(service.kill)
            await service.start()
        yield made


async def get(url: str) -> tuple[int, Any]:
    return await call("GET", url)


async def call(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=body, timeout=aiohttp.ClientTimeout(total=10)) as response,
        ):
            return response.status, json.loads(await response.text())
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0, None


async def order(url: str, order_id: str | None = None) -> tuple[int, Any]:
    return await call("POST", url, {"id": order_id or str(uuid.uuid4()), "items": ITEMS})


async def eventually(ask: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await ask()
            if enough(answer):
                return answer
            await asyncio.sleep(0.05)


async def fulfilled(service: Service) -> list[str]:
    status, body = await get(f"{service.url}/fulfilments?since_ns=0")
    return [made["id"] for made in body["fulfilments"]] if status == 200 else []


def test_what_was_acknowledged_is_fulfilled_once_whatever_dies(broker: BrokerProcess, tmp_path: Path) -> None:
    async def run() -> None:
        async with services(broker.port, tmp_path, "order", "fulfilment") as made:
            desk, floor = made["order"], made["fulfilment"]
            acknowledged: list[str] = []
            refused: list[str] = []
            ended = asyncio.Event()

            async def shopper() -> None:
                while not ended.is_set():
                    status, body = await order(f"{desk.url}/orders")
                    if status == 201:
                        acknowledged.append(body["id"])
                    if status == 503:
                        refused.append(body["id"])
                    await asyncio.sleep(0.01)

            async def some_more(number: int = 30) -> None:
                target = len(acknowledged) + number
                await eventually(lambda: asyncio.sleep(0), lambda _: len(acknowledged) >= target)

            shoppers = [asyncio.create_task(shopper()) for _ in range(4)]
            await some_more()
            for _ in range(2):
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
                await some_more()
            await floor.kill()
            await some_more()
            await floor.start()
            await desk.kill()
            await desk.start()
            await some_more()
            ended.set()
            await asyncio.gather(*shoppers)
            done = await eventually(lambda: fulfilled(floor), lambda done: set(acknowledged) <= set(done))
            assert len(done) == len(set(done)), "an order was fulfilled twice"
            assert not set(refused) & set(done), "an order was refused and fulfilled all the same"

    asyncio.run(run())


def test_a_service_ends_on_sigterm_with_and_without_a_broker(broker: BrokerProcess, tmp_path: Path) -> None:
    async def run() -> None:
        for broker_port in (broker.port, free_port()):
            names = ("product", "order", "fulfilment", "storefront")
            async with services(broker_port, tmp_path, *names) as made:
                for service in made.values():
                    assert service.process is not None
                    service.process.terminate()
                    assert await asyncio.wait_for(service.process.wait(), PATIENCE_S) == 0, service.name

    asyncio.run(run())


def test_without_the_broker_an_order_is_refused_at_once_and_the_service_lives(tmp_path: Path) -> None:
    async def run() -> None:
        async with services(free_port(), tmp_path, "order") as made:
            order_id = str(uuid.uuid4())
            status, body = await order(f"{made['order'].url}/orders", order_id)
            assert (status, body["id"], body["state"]) == (503, order_id, "refused")
            assert (await get(f"{made['order'].url}/healthz"))[0] == 200

    asyncio.run(run())


def test_an_order_that_the_broker_does_not_confirm_is_not_acknowledged(broker: BrokerProcess, tmp_path: Path) -> None:
    async def run() -> None:
        async with services(broker.port, tmp_path, "order", "fulfilment") as made:
            await eventually(lambda: order(f"{made['order'].url}/orders"), lambda answer: answer[0] == 201)
            broker.pause()
            order_id = str(uuid.uuid4())
            status, body = await order(f"{made['order'].url}/orders", order_id)
            broker.resume()
            assert (status, body["state"]) == (504, "unknown")
            # asked again with the same id it is accepted, and fulfilled once
            await eventually(lambda: order(f"{made['order'].url}/orders", order_id), lambda answer: answer[0] == 201)
            done = await eventually(lambda: fulfilled(made["fulfilment"]), lambda done: order_id in done)
            assert done.count(order_id) == 1

    asyncio.run(run())


def test_an_order_is_queued_while_the_order_service_is_away_and_confirmed_later(
    broker: BrokerProcess, tmp_path: Path
) -> None:
    async def run() -> None:
        async with services(broker.port, tmp_path, "product", "order", "fulfilment", "storefront") as made:
            shop, desk = made["storefront"], made["order"]
            placed = f"{shop.url}/api/orders"
            await eventually(lambda: order(placed), lambda answer: answer[0] == 201)
            await desk.kill()
            order_id = str(uuid.uuid4())
            status, body = await order(placed, order_id)
            assert (status, body) == (202, {"id": order_id, "state": "queued", "degraded": True})
            status, body = await get(f"{placed}/{order_id}")
            assert (status, body["state"]) == (200, "queued")
            await desk.start()
            await eventually(lambda: get(f"{placed}/{order_id}"), lambda answer: answer[1].get("state") == "fulfilled")
            assert (await fulfilled(made["fulfilment"])).count(order_id) == 1

    asyncio.run(run())


def test_with_order_service_and_broker_away_an_order_is_refused_and_browsing_goes_on(
    broker: BrokerProcess, tmp_path: Path
) -> None:
    async def run() -> None:
        async with services(broker.port, tmp_path, "product", "order", "storefront") as made:
            shop = made["storefront"]
            await eventually(lambda: order(f"{shop.url}/api/orders"), lambda answer: answer[0] == 201)
            await made["order"].kill()
            await asyncio.to_thread(broker.kill)
            # the first may be sent before the broken connection is noticed
            status, body = await eventually(
                lambda: order(f"{shop.url}/api/orders"), lambda answer: answer[1]["state"] != "unknown"
            )
            assert (status, body["state"], body["degraded"]) == (503, "refused", False)
            status, body = await get(f"{shop.url}/api/products")
            assert (status, body["degraded"]) == (200, False)

    asyncio.run(run())


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"items": []},
        {"items": [{}]},
        {"items": [{"product_id": "tumbler-bear", "quantity": 0}]},
        {"items": [{"product_id": "tumbler-bear", "quantity": True}]},
        {"items": [{"product_id": "tumbler-bear", "quantity": 1.5}]},
        {"items": ITEMS * 21},
        {"id": "42", "items": ITEMS},
        {"id": 42, "items": ITEMS},
    ],
)
def test_what_is_no_order_is_refused_with_the_reason(body: Any, invalid_desk: str) -> None:
    status, answer = asyncio.run(call("POST", invalid_desk, body))
    assert status == 400
    assert answer["reason"]


@pytest.fixture(scope="module")
def invalid_desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with asyncio.Runner() as runner:
        context = services(free_port(), tmp_path_factory.mktemp("desk"), "order")
        made = runner.run(context.__aenter__())
        yield f"{made['order'].url}/orders"
        runner.run(context.__aexit__(None, None, None))


def test_a_publish_says_what_is_known_about_it(broker: BrokerProcess) -> None:
    settings = BrokerSettings(host="127.0.0.1", port=broker.port)

    async def run() -> None:
        client = Broker(settings, "test")
        with pytest.raises(NotConnected):
            await client.publish(ACCEPTED, str(uuid.uuid4()), b"{}")
        keeping = asyncio.create_task(client.keep_connected())
        await eventually(lambda: asyncio.sleep(0), lambda _: client.connected)
        first = str(uuid.uuid4())
        await client.publish(QUEUED, first, b"{}")
        await client.publish(QUEUED, first, b"{}")
        assert await client.state_of(first) == QUEUED
        assert await client.state_of(str(uuid.uuid4())) is None
        broker.pause()
        with pytest.raises(Unconfirmed):
            await client.publish(ACCEPTED, str(uuid.uuid4()), b"{}")
        broker.resume()
        keeping.cancel()
        await client.close()

    asyncio.run(run())
