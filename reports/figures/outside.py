"""A circuit breaker judged from outside, where the system lists none: how long users wait while its upstream is away.

Who has a breaker around a service that hangs is quick to refuse, or to serve a fallback, once it has learned that; who
has none lets each request wait for its time-out, for as long as the service is away.
"""

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.evidence.tables import Table, good, sent_ns
from reports.figures.missing import MissingEvidence
from reports.figures.recovery import free_ns
from reports.figures.sources import ALL, from_source
from reports.figures.windows import fault_spans, faults_of
from reports.words import N_, say

__all__ = ["p95_while_away_ms"]

LEAST = 20
"""Requests that a 95th percentile needs."""


def p95_while_away_ms(evidence: Evidence, service: str, source: str = ALL, learned_s: float = 2.0) -> float:
    """95th percentile in ms of all requests that were sent while `service` was away, from `learned_s` seconds on.

    Away: from the injection of a fault to its end, or to the start of the process that it ended. Of several faults the
    worst: over all of them, who waited throughout a short one would pass for trial calls of the long ones. Raises
    MissingEvidence where it was not away for longer than that, fewer than 20 requests were sent in that time, or all
    answers were good: then nothing shows that those who asked needed the service.
    """
    table = from_source(evidence, source).table
    return max(_p95_ms(evidence, table, learned_s, *span) for span in fault_spans(faults_of(evidence, service)))


def _p95_ms(  # noqa: PLR0913, PLR0917 - a fault with its span
    evidence: Evidence, table: Table, learned_s: float, fault: Fault, asked: int, following: int
) -> float:
    begin, end = fault.injected_ns or asked, free_ns(evidence, fault, following)
    if end is None:
        raise MissingEvidence(say("nothing says how long {service} was away", service=fault.service))
    sent = sent_ns(table)
    away = (sent >= begin) & (sent < end)
    learned = away & (sent >= begin + round(learned_s * 1e9))
    if (found := int(learned.sum())) < LEAST:
        told = N_("{found} requests were sent while {service} was away, from {learned_s:g} s on: {least} are needed")
        raise MissingEvidence(say(told, found=found, service=fault.service, learned_s=learned_s, least=LEAST))
    if not (~good(table) & away).any():
        told = N_("every answer was good while {service} was away: nothing shows that who asked needed it")
        raise MissingEvidence(say(told, service=fault.service))
    return float(np.percentile(table["latency_us"][learned], 95, method="inverted_cdf")) / 1e3
