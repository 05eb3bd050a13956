"""Orders as a set check: what was attempted against what was fulfilled. After Jepsen's set checker."""

from collections import Counter
from dataclasses import dataclass

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault, Order
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.figures.recovery import free_ns, since_ns
from reports.figures.windows import fault_spans, faults_of
from reports.words import N_, say

__all__ = [
    "OrderSet",
    "acknowledged_orders",
    "duplicated_orders",
    "lost_orders",
    "order_set",
    "ordering_back_seconds",
    "recovered_orders",
    "unexpected_orders",
]

PATIENCE_NS = 5_000_000_000
"""How long a user of the load waits for an answer."""

_CERTAINTY = ("acknowledged", "unknown", "refused")
"""An order that was placed twice counts as what binds the shop most."""


@dataclass(frozen=True, slots=True)
class OrderSet:
    """What became of every order, as sets of ids."""

    acknowledged: frozenset[str]
    unknown: frozenset[str]
    """Sent, and neither acknowledged nor refused: they may have been stored."""
    refused: frozenset[str]
    fulfilled: frozenset[str]
    duplicated: frozenset[str]
    """Fulfilled more than once."""

    @property
    def attempted(self) -> frozenset[str]:
        """Every order that the load or the experiment placed."""
        return self.acknowledged | self.unknown | self.refused

    @property
    def ok(self) -> frozenset[str]:
        """Acknowledged, and fulfilled."""
        return self.acknowledged & self.fulfilled

    @property
    def lost(self) -> frozenset[str]:
        """Acknowledged, and never fulfilled."""
        return self.acknowledged - self.fulfilled

    @property
    def recovered(self) -> frozenset[str]:
        """Nobody knew, and it was fulfilled: no fault, and no promise."""
        return self.unknown & self.fulfilled

    @property
    def unexpected(self) -> frozenset[str]:
        """Fulfilled, though it was refused, or nobody ever placed it."""
        return self.fulfilled - self.acknowledged - self.unknown


def order_set(evidence: Evidence) -> OrderSet:
    """The set check.

    Raises MissingEvidence, as all of these, where no order of the load was acknowledged, or where the list of
    fulfilments is not complete.
    """
    _acknowledged(evidence)
    if not evidence.fulfilments_complete:
        told = N_("{file} is missing or not complete: what was not seen may still have been fulfilled")
        raise MissingEvidence(say(told, file="fulfilments.jsonl"))
    placed: dict[str, str] = {}
    for order in (*evidence.orders, *evidence.own_orders):
        outcome = order.outcome if order.outcome in _CERTAINTY else "unknown"
        placed[order.id] = min(outcome, placed.get(order.id, outcome), key=_CERTAINTY.index)
    made = Counter(fulfilment.id for fulfilment in evidence.fulfilments)
    acknowledged, unknown, refused = (frozenset(id_ for id_, was in placed.items() if was == o) for o in _CERTAINTY)
    twice = frozenset(id_ for id_, times in made.items() if times > 1)
    return OrderSet(acknowledged, unknown, refused, frozenset(made), twice)


def acknowledged_orders(evidence: Evidence) -> int:
    """Orders of the load that the shop promised to keep."""
    return len(_acknowledged(evidence))


def lost_orders(evidence: Evidence) -> int:
    """Acknowledged orders that were never fulfilled."""
    return len(order_set(evidence).lost)


def duplicated_orders(evidence: Evidence) -> int:
    """Orders that were fulfilled more than once."""
    return len(order_set(evidence).duplicated)


def recovered_orders(evidence: Evidence) -> int:
    """Orders of which nobody knew whether they were stored, and which were fulfilled."""
    return len(order_set(evidence).recovered)


def unexpected_orders(evidence: Evidence) -> int:
    """Orders that were fulfilled, though they had been refused, or nobody had placed them."""
    return len(order_set(evidence).unexpected)


def ordering_back_seconds(evidence: Evidence, service: str) -> float:
    """Seconds from the asking for a fault to the placing of the first order that was acknowledged again; the worst.

    Of a fault that lasts (a partition, say): from its end.

    Again: placed after the first one that was not, and after the target reported the start; 0 where all of them were.
    Raises NotRecovered where that did not happen as far as the evidence reaches, and MissingEvidence.
    """
    _acknowledged(evidence)
    spans = fault_spans(faults_of(evidence, service))
    return max(_back_s(evidence, *span) for span in spans)


def _back_s(evidence: Evidence, fault: Fault, asked: int, following: int) -> float:
    placed = [order for order in evidence.orders if asked <= order.at_ns < following and not _cut_off(evidence, order)]
    if not placed:
        raise MissingEvidence(say("no order was placed after the fault of {service!r}", service=fault.service))
    bad = [order.at_ns for order in placed if order.outcome != "acknowledged"]
    if not bad:
        return 0.0
    free = free_ns(evidence, fault, following)
    since = max(min(bad), following if free is None else free)
    again = [order.at_ns for order in placed if order.outcome == "acknowledged" and order.at_ns > since]
    if not again:
        watched = (max(order.at_ns for order in placed) - asked) / 1e9
        told = N_("no order was acknowledged again in the {watched:.3g} s that were watched after the fault")
        raise NotRecovered(say(told, watched=watched), watched)
    return (min(again) - since_ns(evidence, fault, asked)) / 1e9


def _cut_off(evidence: Evidence, order: Order) -> bool:
    """Whether the end of the load may have cut it off: it says nothing of the shop."""
    ended = evidence.run.get("load_ended_ns")
    return not order.status and isinstance(ended, int) and order.at_ns > ended - PATIENCE_NS


def _acknowledged(evidence: Evidence) -> set[str]:
    found = {order.id for order in evidence.orders if order.outcome == "acknowledged"}
    if not found:
        raise MissingEvidence(say("no order was acknowledged during the run: none could have been lost"))
    return found
