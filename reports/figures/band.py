"""Back inside the band: when throughput and latency were again what they had been before the fault.

The band is what the run itself showed in the 5 s before its first fault was asked for, in sliding windows of 1 s, ten
a second: throughput is the good answers of a window, and may be one fifth below the average of those windows; p95 is
that of all requests due in a window, and may be half above the highest of those windows, or 20 ms where that is more.

Why so: windows of the same length before and after make the same noise, so no knowledge of the system is needed. At
50 requests a second random arrivals vary by 14 % from one second to the next (one over the square root), hence a
fifth; the p95 of fifty requests is its third slowest, which wanders far more, hence half above the highest; and below
20 ms it is the machine's scheduling rather than the system that is seen. The run is back when 2 s of windows in a row
are inside: one lucky window is no recovery. Of the first of them a fifth can have been without an answer, so the time
told is the end of that fifth, or the last answer in it that was not good: never too early, and 0.3 s too late at most.
"""

from dataclasses import dataclass

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.evidence.tables import Table, done_ns, good
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.figures.sources import ALL, from_source
from reports.figures.windows import fault_spans, faults_of
from reports.words import N_, say

__all__ = ["STEP_NS", "WINDOW_NS", "Band", "back_in_band_ns", "back_in_band_seconds", "band_before"]

BEFORE_NS = 5_000_000_000
WINDOW_NS = 1_000_000_000
STEP_NS = 100_000_000
LATE_NS = 200_000_000
"""What a window inside the band can hide: `BELOW` of its length."""
HOLD_NS = 2_000_000_000
LEAST_BEFORE_NS = 3_000_000_000
BELOW, ABOVE, LEAST_MS = 0.2, 0.5, 20.0

Windows = tuple["np.typing.NDArray[np.float64]", "np.typing.NDArray[np.float64]"]
"""Good answers a second, and p95 in ms, of each window."""


@dataclass(frozen=True, slots=True)
class Band:
    """What counts as the way it was before."""

    least_per_second: float
    """Good answers."""
    most_p95_ms: float


def back_in_band_seconds(evidence: Evidence, service: str, source: str = ALL) -> float:
    """Seconds from the asking for a fault until throughput and p95 were back inside the band; of several the longest.

    With a load that changes by plan, name a source of fixed rate (`canary:NAME`). Raises NotRecovered, MissingEvidence.
    """
    spans = fault_spans(faults_of(evidence, service))
    return max((back_in_band_ns(evidence, *span, source) - span[1]) / 1e9 for span in spans)


def back_in_band_ns(evidence: Evidence, fault: Fault, asked: int, following: int, source: str = ALL) -> int:
    """When the first 2 s inside the band began after a window was outside it; `asked` where none was.

    The span is one of `fault_spans`: of a loop, what was well between two crashes is no recovery.
    Raises NotRecovered, MissingEvidence.
    """
    table = from_source(evidence, source).table
    # of several faults the first: what the one before had upset is not how things are
    band = band_before(table, min([asked, *(one.asked_ns for one in evidence.faults if one.asked_ns is not None)]))
    ended = evidence.run.get("load_ended_ns")
    last = min(following, int(done_ns(table).max()), ended if isinstance(ended, int) else following)
    begins = np.arange(asked, last - WINDOW_NS, STEP_NS)
    rate, p95 = _windows(table, begins)
    inside = (rate >= band.least_per_second) & (p95 <= band.most_p95_ms)
    hold = (HOLD_NS - WINDOW_NS) // STEP_NS + 1
    held = np.convolve(inside, np.ones(hold), "valid") == hold if len(inside) >= hold else np.zeros(0, bool)
    # windows from before the fault is felt are inside, too, and no recovery
    outside = np.flatnonzero(~inside)
    felt = max(int(outside[0]), int(np.searchsorted(begins, fault.asked_ns or 0))) if outside.size else 0
    if not held[felt:].any():
        watched = (last - asked) / 1e9
        told = N_("throughput and p95 were not back inside their band in the {watched:.3g} s that were watched")
        raise NotRecovered(say(told, watched=watched), watched)
    begin = int(begins[felt + int(np.argmax(held[felt:]))])
    return _shown(table, begin) if outside.size else begin


def _shown(table: Table, begin: int) -> int:
    """When it was shown that things were well, in a window inside the band: after all that it can have hidden."""
    done = done_ns(table)
    bad = done[~good(table) & (done >= begin) & (done < begin + WINDOW_NS)]
    return max(begin + LATE_NS, int(bad.max(initial=begin)))


def band_before(table: Table, asked: int) -> Band:
    """The band as the time before a fault gives it.

    Raises MissingEvidence where there are not 3 s of it, or nothing was answered well in them.
    """
    due = table["due_ns"].astype(np.int64)
    first = max(asked - BEFORE_NS, int(due.min(initial=asked)))
    if asked - first < LEAST_BEFORE_NS:
        told = N_("users were recorded for only {seconds:.1f} s before the fault: {least:g} s make a band")
        raise MissingEvidence(say(told, seconds=(asked - first) / 1e9, least=LEAST_BEFORE_NS / 1e9))
    rate, p95 = _windows(table, np.arange(first, asked - WINDOW_NS + 1, STEP_NS))
    if not rate.mean() > 0:
        raise MissingEvidence(say("users had no good answer before the fault: there is no band to be back in"))
    return Band(float(rate.mean()) * (1 - BELOW), max(float(p95.max()) * (1 + ABOVE), LEAST_MS))


def _windows(table: Table, begins: "np.typing.NDArray[np.int64]") -> Windows:
    """Each window counts the good answers that came in it, and takes the p95 of what was due in it; none: infinite."""
    due = table["due_ns"].astype(np.int64)
    came = np.sort(done_ns(table)[good(table)])
    order = np.argsort(due, kind="stable")
    due, latency = due[order], table["latency_us"][order] / 1e3
    rate = np.searchsorted(came, begins + WINDOW_NS) - np.searchsorted(came, begins)
    bounds = zip(np.searchsorted(due, begins), np.searchsorted(due, begins + WINDOW_NS), strict=True)
    p95 = [
        float(np.percentile(latency[low:high], 95, method="inverted_cdf")) if high > low else np.inf
        for low, high in bounds
    ]
    return np.asarray(rate * (1e9 / WINDOW_NS), float), np.asarray(p95, float)
