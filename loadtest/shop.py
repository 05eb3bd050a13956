"""The demo shop's users, for Locust: they browse, look at a product, order, and watch the order.

    python -m locust -f loadtest/shop.py --headless --only-summary --arrivals 50 \
        --host http://127.0.0.1:8080 --evidence DIR --exit-code-on-error 0

Of 19 journeys in a row ten browse, six look at one product, and three order; one order in three is watched. With `-u 10
-r 10` instead of `--arrivals 50`, ten users in closed loop make about as many requests, while nothing stalls. What
counts as failed: any answer other than 2xx, none within 5 s, and a 2xx whose content is not what was asked for.
"""

import random
import uuid
from typing import Any, ClassVar

from locust import between, task
from recording import RecordedUser, recording

recording.listen()


class Shopper(RecordedUser):
    """A user of the shop; reads the catalogue first, and then does this and that."""

    wait_time = between(0.1, 0.3)
    _known: ClassVar[list[str]] = []
    """Products that any of the users has seen: one who comes while the shop stalls still knows what to order."""

    @task(10)
    def browse(self) -> None:
        """Read the catalogue."""
        with self.client.get("/api/products", catch_response=True) as response:
            if response.ok:
                products = _products(response)
                if products:
                    self._known[:] = products
                else:
                    response.failure("the catalogue has no products")

    @task(6)
    def look(self) -> None:
        """Look at one product."""
        if not self._known:
            self.browse()
            return
        product = random.choice(self._known)  # noqa: S311 - no secret
        with self.client.get(f"/api/products/{product}", name="/api/products/{id}", catch_response=True) as response:
            if response.ok and str(_field(response, "id")) != product:
                response.failure("another product than the one asked for")

    @task(3)
    def order(self) -> None:
        """Place an order, and one time in three see what became of it."""
        if not self._known:
            self.browse()
            return
        order_id = str(uuid.uuid4())
        outcome = self._place(order_id, random.choice(self._known))  # noqa: S311
        if outcome == "acknowledged" and random.random() < 1 / 3:  # noqa: S311
            self.client.get(f"/api/orders/{order_id}", name="/api/orders/{id}")

    def _place(self, order_id: str, product: str) -> str:
        body = {"id": order_id, "items": [{"product_id": product, "quantity": 1}]}
        with (
            recording.placing(order_id) as order,
            self.client.post("/api/orders", json=body, catch_response=True) as response,
        ):
            order.status, order.state = response.status_code, _field(response, "state")
            if response.ok and _field(response, "id") != order_id:
                response.failure("another order than the one placed")
        return order.outcome


def _products(response: Any) -> list[str]:
    """The ids in a catalogue; none where it is no catalogue."""
    try:
        return [str(product["id"]) for product in _field(response, "products")]
    except (KeyError, TypeError):
        return []


def _field(response: Any, key: str) -> Any:
    """A field of the answer's JSON object; None where there is none."""
    try:
        return response.json().get(key)
    except (ValueError, TypeError, AttributeError, LookupError):  # no JSON, no body, no object, no charset
        return None
