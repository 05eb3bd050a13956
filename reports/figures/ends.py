"""The last steps of a recovery: the last answer that was not good, and the way things were before."""

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.evidence.tables import Source, done_ns, good
from reports.figures.band import LATE_NS, STEP_NS, back_in_band_ns
from reports.figures.doubt import until_the_next_s
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.words import say

__all__ = ["Row", "band_step", "settled_step"]

Row = tuple[str, str, int | None, str, float | None]
"""Key, name, time, who says so, how exactly in seconds: a step before its distance from the fault is known."""


def settled_step(source: Source, asked: int, following: int) -> list[Row]:
    """When the last bad or degraded answer after a fault was complete; no step where all were good."""
    done = done_ns(source.table)
    bad = done[~good(source.table) & (done >= asked) & (done < following)]
    if not bad.size:
        return []
    name = source.name.removeprefix("canary:")
    told, who = say("last bad or degraded answer"), say("canary “{name}”", name=name)
    return [("settled", told, int(bad.max()), who, until_the_next_s(source, int(bad.max())))]


def band_step(evidence: Evidence, fault: Fault, asked: int, following: int) -> list[Row]:
    """When throughput and p95 were back inside their band; no step where the run gives no band."""
    try:
        at: int | None = back_in_band_ns(evidence, fault, asked, following)
    except NotRecovered:
        at = None
    except MissingEvidence:
        return []
    told = say("throughput and p95 as before")
    return [("band", told, at, say("all users' requests, in windows of 1 s"), (LATE_NS + STEP_NS) / 1e9)]
