"""The storefront's JSON API: what it answers, and with which status."""

import time
import uuid
from typing import Any

from aiohttp import web

from services.common.breaker import Breaker, BreakerOpen
from services.common.broker import NotConnected, Unconfirmed
from services.common.http import CallFailed
from services.common.order import InvalidOrder, parse, parse_id
from services.common.web import json_body
from services.storefront.catalogue import Catalogue, NoCatalogue
from services.storefront.ordering import Ordering

__all__ = ["Api"]

_STATUS = {"accepted": 201, "queued": 202, "refused": 503, "unknown": 504, "invalid": 400}


class Api:
    """The handlers."""

    def __init__(self, catalogue: Catalogue, ordering: Ordering, breakers: tuple[Breaker, ...]) -> None:
        self._catalogue = catalogue
        self._ordering = ordering
        self._breakers = breakers
        self._boot = str(uuid.uuid4())

    async def products(self, _request: web.Request) -> web.Response:
        """`GET /api/products`."""
        try:
            found = await self._catalogue.products()
        except NoCatalogue as error:
            return _answer({"reason": str(error)}, 503)
        body = {"products": found.products, "degraded": found.degraded, "as_of_ns": found.as_of_ns}
        return _answer(body, degraded=found.degraded)

    async def product(self, request: web.Request) -> web.Response:
        """`GET /api/products/{id}`."""
        try:
            found = await self._catalogue.product(request.match_info["id"])
        except NoCatalogue as error:
            return _answer({"reason": str(error)}, 503)
        freshness = {"degraded": found.degraded, "as_of_ns": found.as_of_ns}
        if found.product is None:
            return _answer({"reason": "there is no such product", **freshness}, 404, found.degraded)
        return _answer({**found.product, **freshness}, degraded=found.degraded)

    async def place(self, request: web.Request) -> web.Response:
        """`POST /api/orders`."""
        try:
            order = parse(await json_body(request))
        except InvalidOrder as error:
            return _answer({"reason": str(error)}, 400)
        unknown = [item.product_id for item in order.items if not self._catalogue.knows(item.product_id)]
        if unknown:
            return _answer({"id": order.id, "reason": f"there is no product {unknown[0]}"}, 400)
        placement = await self._ordering.place(order)
        body: dict[str, Any] = {"id": order.id, "state": placement.state, "degraded": placement.degraded}
        if placement.reason is not None:
            body["reason"] = placement.reason
        return _answer(body, _STATUS[placement.state], placement.degraded)

    async def order(self, request: web.Request) -> web.Response:
        """`GET /api/orders/{id}`."""
        try:
            order_id = parse_id(request.match_info["id"])
            standing = await self._ordering.standing(order_id)
        except InvalidOrder as error:
            return _answer({"reason": str(error)}, 400)
        except (CallFailed, BreakerOpen, NotConnected, Unconfirmed) as error:
            return _answer({"id": order_id, "reason": f"nobody can say at the moment: {error}"}, 503)
        if standing.state is None:
            return _answer({"id": order_id, "reason": "there is no such order"}, 404, standing.degraded)
        body = {"id": order_id, "state": standing.state, "degraded": standing.degraded}
        return _answer(body, degraded=standing.degraded)

    async def breakers(self, _request: web.Request) -> web.Response:
        """`GET /breakers`."""
        reports = [breaker.report() for breaker in self._breakers]
        return web.json_response({"boot": self._boot, "now_ns": time.time_ns(), "breakers": reports})


def _answer(body: dict[str, Any], status: int = 200, degraded: bool = False) -> web.Response:
    headers = {"X-Degraded": "true" if degraded else "false", "Cache-Control": "no-store"}
    return web.json_response(body, status=status, headers=headers)
