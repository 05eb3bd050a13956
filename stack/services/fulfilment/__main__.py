"""`python -m services.fulfilment`: fulfils accepted orders, each of them once."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from prometheus_client import Counter

from services.common import log, tracing
from services.common.broker import ACCEPTED, FULFILLED, Broker, NotStored, Unconfirmed
from services.common.lifecycle import alongside
from services.common.order import InvalidOrder, parse_id
from services.common.settings import InvalidSetting, Settings
from services.common.web import application, serve
from services.fulfilment.ledger import Ledger

_FULFILLED = Counter("fulfilments", "Orders fulfilled")
_REPEATED = Counter("fulfilments_repeated", "Accepted orders that came again and were fulfilled already")
_LATEST_NS = 2**63 - 1

T = TypeVar("T")


class Floor:
    """Where orders are fulfilled: first in the ledger, then said, then acknowledged.

    An order takes `takes_s` seconds: for half of them it rests with the broker, for half it is worked on, together
    with all others. So whatever dies, the broker or this service, it holds orders that it could lose or do twice.
    """

    def __init__(self, broker: Broker, ledger: Ledger, takes_s: float) -> None:
        self._broker = broker
        self._ledger = ledger
        self._takes_s = takes_s
        self._at_work: set[asyncio.Task[None]] = set()
        # one thread: the ledger is used by one at a time, and its disk never holds up an answer on /healthz
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def work(self) -> None:
        """Fulfil what is accepted; never returns."""
        await self._broker.consume(ACCEPTED, "fulfilment", self._begin)

    async def since(self, request: web.Request) -> web.Response:
        """`GET /fulfilments?since_ns=`."""
        text = request.query.get("since_ns", "0")
        if not text.isascii() or not text.isdigit() or int(text) > _LATEST_NS:
            raise web.HTTPBadRequest(text="`since_ns` is a time in nanoseconds since 1970")
        made = await self._in_thread(partial(self._ledger.since, int(text)))
        return web.json_response({"fulfilments": [asdict(fulfilment) for fulfilment in made]})

    async def one(self, request: web.Request) -> web.Response:
        """`GET /fulfilments/{id}`."""
        try:
            order_id = parse_id(request.match_info["id"])
        except InvalidOrder as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        fulfilment = await self._in_thread(partial(self._ledger.find, order_id))
        if fulfilment is None:
            raise web.HTTPNotFound(text="that order is not fulfilled")
        return web.json_response(asdict(fulfilment))

    async def close(self) -> None:
        """Finish what the ledger is at and close it; what is at work comes again."""
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        self._thread.shutdown()
        self._ledger.close()

    async def _begin(self, batch: list[Msg]) -> None:
        rested = []
        for message in batch:
            if message.metadata.num_delivered > 1:
                rested.append(message)
            else:
                await message.nak(delay=self._takes_s / 2)  # it is delivered again then
        if rested:
            task = asyncio.create_task(self._fulfil(rested))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _fulfil(self, batch: list[Msg]) -> None:
        """Fulfil them; those that could not be said to be fulfilled come again, and are not fulfilled again."""
        try:
            await self._worked(batch)
        except (NatsError, NotStored, Unconfirmed, OSError, sqlite3.Error) as error:
            log.event("fulfil-failed", orders=len(batch), reason=str(error) or type(error).__name__)

    async def _worked(self, batch: list[Msg]) -> None:
        # subjects are orders.accepted.ID: nothing in the message's body can make it another order
        orders = {message.subject.rsplit(".", 1)[1]: message for message in batch}
        with ExitStack() as opened:
            spans = {order_id: opened.enter_context(_span(order_id, message)) for order_id, message in orders.items()}
            made = await self._in_thread(partial(self._ledger.fulfil, orders))
            _FULFILLED.inc(made)
            _REPEATED.inc(len(batch) - made)
            for span in spans.values():
                span.event("in the ledger", orders=len(batch))
            await asyncio.sleep(self._takes_s / 2)
            await asyncio.gather(*(self._say(order_id, span) for order_id, span in spans.items()))
            for message in batch:
                await message.ack()

    async def _say(self, order_id: str, span: tracing.Span) -> None:
        with tracing.under(span):
            await self._broker.publish(FULFILLED, order_id, json.dumps({"id": order_id}).encode())

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)


def _span(order_id: str, message: Msg) -> AbstractContextManager[tracing.Span]:
    """Of one order among those that are fulfilled together."""
    return tracing.span("fulfil", "consumer", carrier=message.headers or {}, current=False, order__id=order_id)


def make(settings: Settings) -> web.Application:
    """The application, with its ledger and its connection to the broker. Raises InvalidSetting."""
    try:
        ledger = Ledger(Path(settings.data) / "fulfilments.sqlite3", careless=settings.defects.no_idempotency)
    except sqlite3.Error as error:
        reason = f"cannot open the ledger in {settings.data}: {error}; the directory must be there and writable"
        raise InvalidSetting(reason) from error
    broker = Broker(settings.broker, "fulfilment")
    floor = Floor(broker, ledger, settings.fulfilment_takes_s)
    app = application()
    app.router.add_get("/fulfilments", floor.since)
    app.router.add_get("/fulfilments/{id}", floor.one)
    app.cleanup_ctx.append(alongside(broker.keep_connected, floor.work))
    app.on_cleanup.append(lambda _app: broker.close())
    app.on_cleanup.append(lambda _app: floor.close())
    return app


def main() -> None:
    """Serve until told to end."""
    serve("fulfilment", make)


if __name__ == "__main__":
    main()
