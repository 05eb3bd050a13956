"""What users saw, in numbers: counts, availability, exact percentiles, gaps."""

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.tables import degraded, done_ns, failed, good
from reports.figures.missing import MissingEvidence
from reports.figures.sources import ALL, from_source, users_canary
from reports.words import N_, say

__all__ = [
    "answers",
    "availability",
    "degraded_answers",
    "downtime_seconds",
    "failed_requests",
    "good_answers",
    "latency_max_ms",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "longest_gap_seconds",
]


def answers(evidence: Evidence, source: str = ALL) -> int:
    """Requests made, whatever came of them. Raises MissingEvidence, as all of these."""
    return len(from_source(evidence, source).table)


def good_answers(evidence: Evidence, source: str = ALL) -> int:
    """Requests that were answered as on any other day."""
    return int(good(from_source(evidence, source).table).sum())


def degraded_answers(evidence: Evidence, source: str = ALL) -> int:
    """Requests that were answered by a fallback which said so."""
    return int(degraded(from_source(evidence, source).table).sum())


def failed_requests(evidence: Evidence, source: str = ALL) -> int:
    """Requests that ended in an error, a time-out or a wrong content."""
    return int(failed(from_source(evidence, source).table).sum())


def availability(evidence: Evidence, source: str = ALL) -> float:
    """Share of requests, 0 to 1, that did not fail; a degraded answer is an answer."""
    table = from_source(evidence, source).table
    return 1.0 - int(failed(table).sum()) / len(table)


def latency_p50_ms(evidence: Evidence, source: str = ALL) -> float:
    """Milliseconds that half of the requests did not exceed: one that was measured, never interpolated."""
    return _percentile_ms(evidence, source, 50)


def latency_p95_ms(evidence: Evidence, source: str = ALL) -> float:
    """Milliseconds that 95 of 100 requests did not exceed."""
    return _percentile_ms(evidence, source, 95)


def latency_p99_ms(evidence: Evidence, source: str = ALL) -> float:
    """Milliseconds that 99 of 100 requests did not exceed."""
    return _percentile_ms(evidence, source, 99)


def latency_max_ms(evidence: Evidence, source: str = ALL) -> float:
    """Milliseconds of the slowest request; one that was given up counts with its time-out."""
    return _percentile_ms(evidence, source, 100)


def longest_gap_seconds(evidence: Evidence, canary: str = "") -> float:
    """Longest stretch in seconds in which a canary, by default the users', got failed answers or none."""
    table = users_canary(evidence, canary).table
    answered = np.sort(done_ns(table)[~failed(table)])
    edges = np.concatenate([table["due_ns"][:1].astype(np.int64), answered, [done_ns(table).max()]])
    return float(np.diff(edges).max()) / 1e9


def downtime_seconds(evidence: Evidence, canary: str = "") -> float:
    """Seconds in which a user would have failed: failed samples of a canary over its rate."""
    source = users_canary(evidence, canary)
    if source.rate is None:
        told = N_("the rate of {source} is not known: failures cannot be turned into seconds")
        raise MissingEvidence(say(told, source=source.name))
    return int(failed(source.table).sum()) / source.rate


def _percentile_ms(evidence: Evidence, source: str, percent: float) -> float:
    latency = from_source(evidence, source).table["latency_us"]
    return float(np.percentile(latency, percent, method="inverted_cdf")) / 1e3
