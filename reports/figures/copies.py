"""Of a service with several copies: how many of them answered before one was broken, and how many at the end."""

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.tables import sent_ns
from reports.figures.missing import MissingEvidence
from reports.figures.phases import copies_of, failed_calls
from reports.figures.sources import from_source
from reports.figures.windows import faults_of
from reports.words import say

__all__ = ["copies_serving", "copies_serving_at_end"]

SERVED_WITHIN_NS = 3_000_000_000


def copies_serving(evidence: Evidence, service: str, upstream: str = "") -> int:
    """Copies of `service` that gave a caller a good answer in the three seconds before the first fault of it.

    A copy that nobody asks is missed by nobody: that users saw nothing of its end proves something only where it
    served. `upstream` is the name under which the calls are listed; empty: the service's own. Raises MissingEvidence
    where there was no fault, or the list of calls does not say which copy was asked, or is not complete.
    """
    return _serving(evidence, service, upstream, faults_of(evidence, service)[0].asked_ns or 0)


def copies_serving_at_end(evidence: Evidence, service: str, upstream: str = "") -> int:
    """Copies of `service` that gave a caller a good answer in the three seconds before the last request of a user.

    A copy that runs and is healthy may still be one that nobody finds: where a name server lost it, users are left with
    one copy less than its owner counts. The end is that of the users, not of the calls: where users go on and nobody is
    called any more, no copy serves. Arguments and errors as of `copies_serving`; there need not be a fault.
    """
    return _serving(evidence, service, upstream, int(sent_ns(from_source(evidence).table).max()) + 1)


def _serving(evidence: Evidence, service: str, upstream: str, end_ns: int) -> int:
    copies = copies_of(evidence, upstream or service)
    if not copies:
        told = say("no list of calls says which copy of {service} was asked", service=service)
        raise MissingEvidence(told)
    return sum(_served(calls["due_ns"].astype(np.int64)[~failed_calls(calls)], end_ns) for calls in copies)


def _served(at_ns: "np.typing.NDArray[np.int64]", end_ns: int) -> bool:
    return bool(((at_ns >= end_ns - SERVED_WITHIN_NS) & (at_ns < end_ns)).any())
