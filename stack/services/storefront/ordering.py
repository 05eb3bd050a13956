"""Placing an order: with the order service, else in the broker's queue, else an honest no."""

import asyncio
import contextlib
from dataclasses import dataclass

from prometheus_client import Counter

from services.common import tracing
from services.common.breaker import Breaker, BreakerOpen
from services.common.broker import QUEUED, Broker, NotStored, Unconfirmed
from services.common.http import Answer, CallFailed, Client, NotSent
from services.common.order import Order

__all__ = ["Ordering", "Placement", "Standing"]

_CREATED, _OK, _BAD_REQUEST, _NOT_FOUND = 201, 200, 400, 404
_OUTCOMES = Counter("shop_orders", "Orders by what the shopper was told", ["state"])
for _state in ("accepted", "queued", "refused", "unknown", "invalid"):
    _OUTCOMES.labels(_state)  # at 0, not absent
_STATES = ("queued", "accepted", "fulfilled")


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an order."""

    state: str
    """`accepted`, `queued`, `refused` (certainly not stored), `unknown` (sent, not confirmed), `invalid`."""
    reason: str | None = None
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an order has come; `state` is None where nobody knows the order."""

    state: str | None
    degraded: bool = False


class Ordering:
    """Asks the order service through a breaker; the broker's queue is the fallback."""

    def __init__(  # noqa: PLR0913 - each is a setting or a seam
        self,
        client: Client,
        breaker: Breaker,
        broker: Broker,
        url: str,
        *,
        timeout_s: float,
        place_timeout_s: float,
        fallback: bool,
    ) -> None:
        self._client = client
        self._breaker = breaker
        self._broker = broker
        self._url = url
        self._timeout_s = timeout_s
        self._place_timeout_s = place_timeout_s
        self._fallback = fallback

    async def place(self, order: Order) -> Placement:
        """Have the order stored durably; `accepted` and `queued` say that it is."""
        placement = await self._place(order)
        _OUTCOMES.labels(placement.state).inc()
        return placement

    async def standing(self, order_id: str) -> Standing:
        """Where an order stands. Raises CallFailed, BreakerOpen, NotConnected or Unconfirmed: nobody says."""
        try:
            return await self._breaker.call(lambda: self._standing(order_id))
        except (CallFailed, BreakerOpen) as error:
            if not self._fallback:
                raise
            tracing.event("fallback", to="the broker's own knowledge", because=str(error))
        return Standing(await self._broker.state_of(order_id), degraded=True)

    async def keep_trying(self) -> None:
        """Make the trial calls that no shopper asks for; never returns."""
        while True:
            if self._breaker.state in ("open", "half-open"):
                with contextlib.suppress(CallFailed, BreakerOpen), tracing.span("trial call of ordering", root=True):
                    await self._breaker.call(lambda: self._client.call("GET", f"{self._url}/healthz", self._timeout_s))
            await asyncio.sleep(max(0.05, self._breaker.reset_s / 10))

    async def _standing(self, order_id: str) -> Standing:
        answer = await self._client.call("GET", f"{self._url}/orders/{order_id}", self._timeout_s)
        if answer.status == _NOT_FOUND:
            return Standing(None)
        if answer.status == _OK and answer.body.get("state") in _STATES:
            return Standing(answer.body["state"])
        raise CallFailed(_reason(answer))

    async def _place(self, order: Order) -> Placement:
        placement = await self._ask_order_service(order)
        if placement.state in ("accepted", "invalid") or not self._fallback:
            return placement
        tracing.event("fallback", to="the broker's queue", because=placement.reason)
        try:
            await self._broker.publish(QUEUED, order.id, order.as_bytes())
        except NotStored as error:
            # what the order service was sent and did not answer may be stored all the same
            return Placement(placement.state, str(error))
        except Unconfirmed as error:
            return Placement("unknown", str(error))
        return Placement("queued", degraded=True)

    async def _ask_order_service(self, order: Order) -> Placement:
        try:
            answer = await self._breaker.call(lambda: self._post(order))
        except (NotSent, BreakerOpen) as error:
            return Placement("refused", str(error))
        except CallFailed as error:
            return Placement("unknown", str(error))
        if answer.status == _CREATED:
            return Placement("accepted")
        if answer.status == _BAD_REQUEST:
            return Placement("invalid", _reason(answer))
        return Placement("refused" if answer.body.get("state") == "refused" else "unknown", _reason(answer))

    async def _post(self, order: Order) -> Answer:
        # connecting has a time-out of its own: only then is it certain that the order was not sent
        url, limit = f"{self._url}/orders", min(self._timeout_s, self._place_timeout_s)
        return await self._client.call("POST", url, self._place_timeout_s, order.as_json(), connect_s=limit)


def _reason(answer: Answer) -> str:
    return str(answer.body.get("reason", f"the order service answered {answer.status}"))
