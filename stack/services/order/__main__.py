"""`python -m services.order`: takes orders; one is accepted only after the broker has stored it."""

import asyncio
import contextlib
import json

from aiohttp import web
from nats.aio.msg import Msg
from prometheus_client import Counter

from services.common import log, tracing
from services.common.broker import ACCEPTED, QUEUED, Broker, NotConnected, NotStored, Unconfirmed
from services.common.lifecycle import alongside
from services.common.order import InvalidOrder, Order, parse, parse_id
from services.common.settings import Settings
from services.common.web import application, json_body, serve

_ORDERS = Counter("orders", "Orders by outcome", ["outcome"])
for _outcome in ("accepted", "refused", "unknown"):
    _ORDERS.labels(_outcome)  # at 0, not absent: a rate needs a first value
_CARELESS_S = 0.5


class Desk:
    """Accepts orders: from HTTP, and those that were queued while this service was away."""

    def __init__(self, broker: Broker, *, careless: bool = False) -> None:
        self._broker = broker
        self._careless = careless
        self._unstored: set[asyncio.Task[None]] = set()

    async def place(self, request: web.Request) -> web.Response:
        """`POST /orders`."""
        try:
            order = parse(await json_body(request))
        except InvalidOrder as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        if self._careless:
            task = asyncio.create_task(self._accept_later(order))
            self._unstored.add(task)
            task.add_done_callback(self._unstored.discard)
            return _answer(201, order.id, "accepted")
        try:
            await self._accept(order)
        except NotStored as error:
            return _answer(503, order.id, "refused", str(error))
        except Unconfirmed as error:
            return _answer(504, order.id, "unknown", str(error))
        return _answer(201, order.id, "accepted")

    async def look_up(self, request: web.Request) -> web.Response:
        """`GET /orders/{id}`."""
        try:
            order_id = parse_id(request.match_info["id"])
            state = await self._broker.state_of(order_id)
        except InvalidOrder as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        except (NotConnected, Unconfirmed) as error:
            return _answer(503, order_id, "unknown", str(error))
        if state is None:
            raise web.HTTPNotFound(text="there is no such order")
        return web.json_response({"id": order_id, "state": state})

    async def confirm_queued(self) -> None:
        """Accept what was queued; never returns."""
        await self._broker.consume(QUEUED, "order", self._confirm)

    async def _confirm(self, batch: list[Msg]) -> None:
        for message in batch:
            try:
                order = parse(json.loads(message.data))
            except ValueError as error:  # InvalidOrder is one
                log.event("queued-order-unreadable", subject=message.subject, reason=str(error))
                await message.term()
                continue
            with tracing.span("confirm queued", "consumer", carrier=message.headers or {}, order__id=order.id):
                await self._accept(order)  # the same id: accepted once, however often it was queued
                await message.ack()

    async def _accept_later(self, order: Order) -> None:
        """The defect DEFECT_EARLY_ACKNOWLEDGEMENT: the shopper has her yes already."""
        await asyncio.sleep(_CARELESS_S)
        with contextlib.suppress(NotStored, Unconfirmed):
            await self._accept(order)

    async def _accept(self, order: Order) -> None:
        try:
            await self._broker.publish(ACCEPTED, order.id, order.as_bytes())
        except (NotStored, Unconfirmed) as error:
            _ORDERS.labels("refused" if isinstance(error, NotStored) else "unknown").inc()
            raise
        _ORDERS.labels("accepted").inc()


def make(settings: Settings) -> web.Application:
    """The application, with its connection to the broker."""
    broker = Broker(settings.broker, "order")
    desk = Desk(broker, careless=settings.defects.early_acknowledgement)
    app = application()
    app.router.add_post("/orders", desk.place)
    app.router.add_get("/orders/{id}", desk.look_up)
    app.cleanup_ctx.append(alongside(broker.keep_connected, desk.confirm_queued))
    app.on_cleanup.append(lambda _app: broker.close())
    return app


def _answer(status: int, order_id: str, state: str, reason: str | None = None) -> web.Response:
    body = {"id": order_id, "state": state}
    if reason is not None:
        body["reason"] = reason
    return web.json_response(body, status=status)


def main() -> None:
    """Serve until told to end."""
    serve("order", make)


if __name__ == "__main__":
    main()
