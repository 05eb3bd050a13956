"""What the fault cost the users: availability while it was on, slow answers, the error budget, others slowed by it."""

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.evidence.tables import Mask, Source, Table, done_ns, failed, good
from reports.figures.missing import MissingEvidence
from reports.figures.recovery import recovered_ns
from reports.figures.sources import ALL, from_source, users_canary
from reports.figures.windows import Window, fault_spans, faults_of
from reports.words import N_, say

__all__ = [
    "availability_in_fault",
    "error_budget_spent",
    "fault_windows",
    "others_slowed_ms",
    "slow_requests",
    "users_window",
]

SLOW_MS = 1000.0
"""An answer later than this is slow where nobody says otherwise: a second is where a user's thoughts wander."""
FAILED_MS = 60_000.0
"""What a failed request counts as where latencies are compared: failing fast must not look like being quick."""
LEAST_BEFORE, LEAST_WITHIN = 20, 2
"""Requests that a comparison needs. Of fewer than twenty, a 95th percentile is the slowest: stricter, never laxer."""


def users_window(evidence: Evidence, fault: Fault, asked: int, following: int) -> Window:
    """A fault as its users felt it: from the asking to the first good answer, or the last other one if that is later.

    Raises NotRecovered and MissingEvidence, as `recovered_ns` does.
    """
    source = users_canary(evidence)
    until = recovered_ns(evidence, source, fault, asked, following)
    done = done_ns(source.table)
    return asked, int(done[~good(source.table) & (done >= asked) & (done < following)].max(initial=until))


def fault_windows(evidence: Evidence, service: str) -> tuple[Window, ...]:
    """The windows of all faults of a service. Raises as `users_window` does."""
    return tuple(users_window(evidence, *span) for span in fault_spans(faults_of(evidence, service)))


def availability_in_fault(evidence: Evidence, service: str, source: str = ALL) -> float:
    """Share of requests, 0 to 1, that did not fail, of those that were due while a fault of `service` was on.

    Raises MissingEvidence where it did not end, or nothing was asked meanwhile.
    """
    windows = fault_windows(evidence, service)
    table = from_source(evidence, source).table
    due = table["due_ns"].astype(np.int64)
    mine = np.zeros(len(table), bool)
    for begin, end in windows:
        mine |= (due >= begin) & (due <= end)
    if not mine.any():
        raise MissingEvidence(say("no request was due while the fault was on"))
    return 1.0 - int((failed(table) & mine).sum()) / int(mine.sum())


def slow_requests(evidence: Evidence, limit_ms: float = SLOW_MS, source: str = ALL) -> int:
    """Requests that were answered, well or degraded, later than `limit_ms`. Raises MissingEvidence."""
    table = from_source(evidence, source).table
    return int((~failed(table) & (table["latency_us"] > limit_ms * 1e3)).sum())


def error_budget_spent(evidence: Evidence, objective: float, source: str = ALL) -> float:
    """Share of the run's error budget that failed requests used up; 1: all of it.

    `objective` is the availability that was promised, more than 0 and less than 1: of 10,000 requests 0.999 allows
    10 to fail. Raises MissingEvidence, and where the objective is none.
    """
    if not 0 < objective < 1:
        told = N_("the objective {objective:g} is none: it has to be more than 0 and less than 1")
        raise MissingEvidence(say(told, objective=objective))
    table = from_source(evidence, source).table
    return int(failed(table).sum()) / (len(table) * (1 - objective))


def others_slowed_ms(evidence: Evidence, service: str, source: str = "load", request: str = "") -> float:
    """How much slower others got while `service` was broken: p95 while the fault was on, less p95 before, in ms.

    0 where they were no slower. `request`: only requests whose name contains it. A failed request counts as slow as a
    minute. Before: before the first fault of the run. Of several faults the worst. Raises MissingEvidence where there
    are too few requests to compare, or too many failed before.
    """
    found = from_source(evidence, source)
    table = found.table if not request else _requests(found, request)
    due = table["due_ns"].astype(np.int64)
    latency = np.where(failed(table), FAILED_MS, table["latency_us"] / 1e3)
    windows = fault_windows(evidence, service)
    # another service's fault may have slowed them already: before means before anything was broken
    first = min(fault.asked_ns for fault in evidence.faults if fault.asked_ns is not None)
    before = latency[due < first]
    within = [latency[(due >= begin) & (due <= end)] for begin, end in windows]
    fewest = min(len(one) for one in within)
    if len(before) < LEAST_BEFORE or fewest < LEAST_WITHIN:
        told = N_("too few requests to compare: {before} before the fault, {within} while it was on")
        raise MissingEvidence(say(told, before=len(before), within=fewest))
    if _p95(before) >= FAILED_MS:
        raise MissingEvidence(
            say("too many of these requests failed before the fault: nothing says how quick they are when all is well")
        )
    return max(0.0, max(_p95(one) for one in within) - _p95(before))


def _p95(latency: "np.typing.NDArray[np.float64]") -> float:
    return float(np.percentile(latency, 95, method="inverted_cdf"))


def _requests(source: Source, request: str) -> Table:
    parts = []
    for file in source.files:
        names = (file.about or {}).get("names")
        wanted = [n for n, name in enumerate(names if isinstance(names, list) else ()) if request in str(name)]
        mask: Mask = np.isin(file.table["name"], wanted)
        parts.append(file.table[mask])
    return np.concatenate(parts)
