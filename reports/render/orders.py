"""What became of the orders: the set check as a table."""

from dataclasses import dataclass

from reports.evidence.reader import Evidence
from reports.figures import MissingEvidence
from reports.figures.orders import OrderSet, order_set
from reports.words import N_, say

__all__ = ["OrderRow", "order_rows"]

_PLACED = (
    ("attempted", N_("attempted"), N_("placed by the load or by the experiment itself")),
    ("acknowledged", N_("acknowledged"), N_("the shop said yes: each of these must be fulfilled exactly once")),
    ("refused", N_("refused"), N_("the shop said no: none of these may be fulfilled")),
    ("unknown", N_("unknown"), N_("sent, and neither yes nor no came back: each of these may be fulfilled or not")),
)
_FULFILLED = (
    ("ok", N_("ok"), N_("acknowledged and fulfilled")),
    ("lost", N_("lost"), N_("acknowledged and never fulfilled")),
    ("duplicated", N_("duplicated"), N_("fulfilled more than once")),
    ("recovered", N_("recovered"), N_("unknown, and fulfilled all the same")),
    ("unexpected", N_("unexpected"), N_("fulfilled, though refused, or never placed by load or experiment")),
)
_BROKEN = {"lost", "duplicated", "unexpected"}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One set of orders."""

    name: str
    meaning: str
    count: int | None
    """None: not known."""
    broken: bool = False
    """Whether one order in it is a promise that was broken."""


def order_rows(evidence: Evidence) -> list[OrderRow]:
    """The set check, row by row; empty where the load placed no orders."""
    if not evidence.orders:
        return []
    try:
        found: OrderSet | None = order_set(evidence)
    except MissingEvidence:
        found = None
    return [_row(found, *one) for one in (*_PLACED, *_FULFILLED)]


def _row(found: OrderSet | None, key: str, name: str, meaning: str) -> OrderRow:
    count = None if found is None else len(getattr(found, key))
    return OrderRow(say(name), say(meaning), count, broken=key in _BROKEN and bool(count))
