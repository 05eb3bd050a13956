"""That everything was put back: rollbacks as they ran, faults as they were undone, the target compared."""

from dataclasses import dataclass

from reports.evidence.reader import Evidence
from reports.verdict.journal import activities
from reports.verdict.model import Claim, Outcome, Verdict
from reports.words import say

__all__ = ["Restoration", "restoration"]


@dataclass(frozen=True, slots=True)
class Restoration:
    """What is known about how the target was left."""

    rows: tuple[tuple[str, Outcome, str], ...]
    """Step, outcome, and who says so or what went wrong."""
    claim: Claim | None
    """The comparison of the target with its beginning."""


def restoration(evidence: Evidence, verdict: Verdict) -> Restoration:
    """Rollbacks in the order in which they ran, then the faults that were struck off after a verified undo."""
    rows = [
        (
            one.name,
            Outcome.PASS if one.succeeded else Outcome.INCONCLUSIVE,
            one.error or say("rollback of the experiment"),
        )
        for one in activities(evidence.journal.get("rollbacks"))
    ]
    for fault in evidence.faults:
        done = fault.undone_ns is not None
        if done:
            told = say("struck off the ledger after its undo was verified")
            rows.append((say("{fault}: undone", fault=fault.title), Outcome.PASS, told))
    return Restoration(tuple(rows), next((one for one in verdict.claims if one.phase == "end"), None))
