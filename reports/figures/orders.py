"""Orders: none that was acknowledged may be lost, none fulfilled twice."""

from collections import Counter

from reports.evidence.reader import Evidence
from reports.figures.missing import MissingEvidence
from reports.words import N_, say

__all__ = ["acknowledged_orders", "duplicated_orders", "lost_orders"]


def acknowledged_orders(evidence: Evidence) -> int:
    """Orders that the shop promised to keep. Raises MissingEvidence where there is none, as all of these."""
    return len(_acknowledged(evidence))


def lost_orders(evidence: Evidence) -> int:
    """Acknowledged orders that were never fulfilled."""
    acknowledged = _acknowledged(evidence)
    return len(acknowledged - _fulfilments(evidence).keys())


def duplicated_orders(evidence: Evidence) -> int:
    """Orders that were fulfilled more than once."""
    _acknowledged(evidence)
    return sum(times > 1 for times in _fulfilments(evidence).values())


def _acknowledged(evidence: Evidence) -> set[str]:
    found = {order.id for order in evidence.orders if order.outcome == "acknowledged"}
    if not found:
        raise MissingEvidence(say("no order was acknowledged during the run: none could have been lost"))
    return found


def _fulfilments(evidence: Evidence) -> Counter[str]:
    if not evidence.fulfilments_complete:
        told = N_("{file} is missing or not complete: what was not seen may still have been fulfilled")
        raise MissingEvidence(say(told, file="fulfilments.jsonl"))
    return Counter(fulfilment.id for fulfilment in evidence.fulfilments)
