"""An order as it travels: its shape, and what is wrong with one that is refused."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

__all__ = ["InvalidOrder", "Item", "Order", "parse", "parse_id"]

_MOST_ITEMS = 20
_MOST_OF_ONE = 99
_LONGEST_ID = 64


class InvalidOrder(ValueError):
    """The order makes no sense; the message says why, in words for the shopper."""


@dataclass(frozen=True, slots=True)
class Item:
    """So many of one product."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """What a shopper ordered; `id` is what makes a repeated one the same one."""

    id: str
    items: tuple[Item, ...]

    def as_json(self) -> dict[str, Any]:
        """As the services pass it on."""
        items = [{"product_id": item.product_id, "quantity": item.quantity} for item in self.items]
        return {"id": self.id, "items": items}

    def as_bytes(self) -> bytes:
        """As the broker stores it."""
        return json.dumps(self.as_json()).encode()


def parse(body: Any) -> Order:
    """The order in a request's or a message's JSON; without an id it gets one. Raises InvalidOrder."""
    if not isinstance(body, dict):
        raise InvalidOrder("an order is an object with `items`")
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= _MOST_ITEMS:
        raise InvalidOrder(f"`items` is a list of 1 to {_MOST_ITEMS} items")
    given = body.get("id")
    return Order(str(uuid.uuid4()) if given is None else parse_id(given), tuple(_item(item) for item in items))


def parse_id(value: Any) -> str:
    """An order's id in its one spelling. Raises InvalidOrder for what is no UUID."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise InvalidOrder("`id` is a UUID") from None


def _item(value: Any) -> Item:
    if not isinstance(value, dict):
        raise InvalidOrder("an item is an object with `product_id` and `quantity`")
    product, quantity = value.get("product_id"), value.get("quantity")
    if not isinstance(product, str) or not 1 <= len(product) <= _LONGEST_ID:
        raise InvalidOrder("`product_id` is the id of a product")
    if type(quantity) is not int or not 1 <= quantity <= _MOST_OF_ONE:
        raise InvalidOrder(f"`quantity` is a whole number from 1 to {_MOST_OF_ONE}")
    return Item(product, quantity)
