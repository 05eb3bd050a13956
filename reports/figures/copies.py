"""Of a service with several copies: how many of them answered before one was broken."""

import numpy as np

from reports.evidence.reader import Evidence
from reports.figures.missing import MissingEvidence
from reports.figures.phases import copies_of, failed_calls
from reports.figures.windows import faults_of
from reports.words import say

__all__ = ["copies_serving"]

BEFORE_NS = 3_000_000_000


def copies_serving(evidence: Evidence, service: str, upstream: str = "") -> int:
    """Copies of `service` that gave a caller a good answer in the three seconds before the first fault of it.

    A copy that nobody asks is missed by nobody: that users saw nothing of its end proves something only where it
    served. `upstream` is the name under which the calls are listed; empty: the service's own. Raises MissingEvidence
    where there was no fault, or the list of calls does not say which copy was asked.
    """
    asked_ns = faults_of(evidence, service)[0].asked_ns or 0
    found = copies_of(evidence, upstream or service)
    if not found:
        told = say("no list of calls says which copy of {service} was asked", service=service)
        raise MissingEvidence(told)
    return sum(_served(calls["due_ns"].astype(np.int64)[~failed_calls(calls)], asked_ns) for calls in found)


def _served(at_ns: "np.typing.NDArray[np.int64]", asked_ns: int) -> bool:
    return bool(((at_ns >= asked_ns - BEFORE_NS) & (at_ns < asked_ns)).any())
