"""One cell: an experiment against a stack without one mechanism. A pure function of that run's evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.evidence.manifest import verify_manifest
from reports.evidence.reader import Evidence
from reports.verdict import judge
from reports.verdict.journal import activities, mapping
from reports.verdict.machine import starved
from reports.verdict.model import Outcome, Verdict

__all__ = ["CAUGHT", "MISSED", "OTHER", "UNKNOWN", "UNTRIED", "Cell", "judged"]

CAUGHT = "caught"
"""A claim that was to notice it was seen not to hold."""
MISSED = "missed"
"""PASS: the experiment does not notice that the mechanism is gone."""
OTHER = "other"
"""No PASS, but the claim that was to notice held, or was never looked at: right by accident."""
UNKNOWN = "unknown"
"""The run proves nothing either way."""
UNTRIED = "not tried"
"""The proof ended before its turn: nothing is known of it, so nothing is said against the experiment."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of it."""

    mechanism: str
    experiment: str
    outcome: str
    verdict: str
    """Of the run; empty where it left none."""
    claim: str
    """The one that noticed; else the one that should have."""
    sentence: str
    run: str = ""
    """Name of the run's folder."""


def judged(mechanism: str, experiment: str, evidence: Evidence, expected: Sequence[str]) -> Cell:
    """The cell of a run. `expected` names the claims that are to notice; empty: any claim may."""
    verdict = judge(evidence)
    unmet = _unmet(evidence, [(one.name, one.phase, one.verdict, str(one.sentence)) for one in verdict.claims])
    noticed = [(name, sentence) for name, sentence in unmet if name in expected or not expected]
    doubts = [*map(str, verify_manifest(evidence.directory)), *map(str, starved(evidence))]
    wanted = " / ".join(expected)
    outcome, claim = (UNKNOWN, wanted)
    if doubts:
        sentence = doubts[0]
    elif verdict.verdict == Outcome.PASS:
        outcome, sentence = MISSED, "the run is a PASS"
    elif noticed and (why := _nothing_broken(evidence, verdict)):
        sentence = why
    elif noticed:
        outcome, (claim, sentence) = CAUGHT, noticed[0]
    elif expected and unmet:
        outcome, sentence = OTHER, unmet[0][1]
    else:
        sentence = str(verdict.reasons[0].sentence)
    return Cell(mechanism, experiment, outcome, str(verdict.verdict), claim, sentence, evidence.directory.name)


def _nothing_broken(evidence: Evidence, verdict: Verdict) -> str:
    """Why the loss was not what the claim noticed: the method broke nothing that is proved; empty: it did.

    A steady state that the loss alone upsets needs no fault.
    """
    if _refuted(evidence):
        return ""
    if not verdict.receipts:
        return "no fault was recorded: whatever the claim noticed, it was no failure without the mechanism"
    return next((str(one.sentence) for one in verdict.receipts if not one.broken), "")


def _refuted(evidence: Evidence) -> set[str]:
    """Claims of the steady state that were seen not to hold before anything was broken."""
    before = mapping(mapping(evidence.journal.get("steady_states")).get("before"))
    return {
        probe.name
        for probe in activities(before.get("probes"))
        if probe.claim_unmet or (probe.succeeded and probe.entry.get("tolerance_met") is False)
    }


def _unmet(evidence: Evidence, claims: list[tuple[str, str, Outcome, str]]) -> list[tuple[str, str]]:
    """Claims that were seen not to hold. Before the fault that is no FAIL of a run, and yet it was seen."""
    refuted = _refuted(evidence)
    return [
        (name, sentence)
        for name, phase, verdict, sentence in claims
        if verdict == Outcome.FAIL or (phase == "before" and name in refuted)
    ]
