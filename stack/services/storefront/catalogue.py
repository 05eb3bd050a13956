"""The catalogue as shoppers see it: from the product service, or as it was last known."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.common import tracing
from services.common.breaker import Breaker, BreakerOpen
from services.common.http import Answer, CallFailed, Client

__all__ = ["Catalogue", "NoCatalogue", "Product", "Products"]

_OK, _NOT_FOUND = 200, 404


class NoCatalogue(Exception):
    """There is neither an answer nor a fallback."""


@dataclass(frozen=True, slots=True)
class Products:
    """The catalogue, and how fresh it is."""

    products: tuple[dict[str, Any], ...]
    as_of_ns: int
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """One product, None where there is none by that id."""

    product: dict[str, Any] | None
    as_of_ns: int
    degraded: bool = False


class Catalogue:
    """Asks the product service through a breaker; keeps every good answer as the fallback for the next one."""

    def __init__(  # noqa: PLR0913 - each is a setting or a seam
        self,
        client: Client,
        breaker: Breaker,
        url: str,
        *,
        timeout_s: float,
        fallback: bool,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._client = client
        self._breaker = breaker
        self._url = url
        self._timeout_s = timeout_s
        self._fallback = fallback
        self._now_ns = now_ns
        self._last: Products | None = None

    def knows(self, product_id: str) -> bool:
        """Whether the last known catalogue has it; True while none is known."""
        return self._last is None or any(known["id"] == product_id for known in self._last.products)

    async def products(self) -> Products:
        """The catalogue. Raises NoCatalogue."""
        try:
            return await self._breaker.call(self._fetch)
        except (CallFailed, BreakerOpen) as error:
            last = self._fall_back(error)
            return Products(last.products, last.as_of_ns, degraded=True)

    async def product(self, product_id: str) -> Product:
        """One product. Raises NoCatalogue."""
        try:
            found = await self._breaker.call(lambda: self._fetch_one(product_id))
        except (CallFailed, BreakerOpen) as error:
            last = self._fall_back(error)
            known = next((known for known in last.products if known["id"] == product_id), None)
            return Product(known, last.as_of_ns, degraded=True)
        return Product(found, self._now_ns())

    async def keep_warm(self) -> None:
        """Fetch the first catalogue, and make the trial calls that no shopper asks for; never returns."""
        while True:
            if self._last is None or self._breaker.state in ("open", "half-open"):
                with (
                    contextlib.suppress(CallFailed, BreakerOpen),
                    tracing.span("trial call of the catalogue", root=True),
                ):
                    await self._breaker.call(self._fetch)
            await asyncio.sleep(max(0.05, self._breaker.reset_s / 10))

    async def _fetch(self) -> Products:
        answer = await self._client.call("GET", f"{self._url}/products", self._timeout_s)
        products = answer.body.get("products")
        if answer.status != _OK or not isinstance(products, list) or not all(map(_is_product, products)):
            raise _unusable(answer)
        self._last = Products(tuple(products), self._now_ns())
        return self._last

    async def _fetch_one(self, product_id: str) -> dict[str, Any] | None:
        answer = await self._client.call("GET", f"{self._url}/products/{product_id}", self._timeout_s)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK or not _is_product(answer.body):
            raise _unusable(answer)
        return answer.body

    def _fall_back(self, error: Exception) -> Products:
        if not self._fallback:
            raise NoCatalogue(f"the catalogue is not available, and the fallback is off: {error}") from error
        if self._last is None:
            raise NoCatalogue(f"the catalogue is not available, and none is known yet: {error}") from error
        tracing.event("fallback", to="the last known catalogue", because=str(error))
        return self._last


def _is_product(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str)


def _unusable(answer: Answer) -> CallFailed:
    return CallFailed(f"the product service answered {answer.status} with something that is no catalogue")
