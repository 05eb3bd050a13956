"""What came of one experiment, and what a test says of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.evidence.verify import verify
from probes.gate.process import Ended
from reports.evidence.jsonl import read_json
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence

__all__ = ["NotPassed", "Outcome", "Unknown", "Unmet", "merged", "outcome_of"]

COMMON = ("availability", "degraded_answers", "failed_requests", "latency_p95_ms", "lost_orders")
"""Figures that a run has without being asked, where the evidence gives them."""
WORST_FIRST = ("NONE", "FAIL", "INCONCLUSIVE", "PASS")


class NotPassed(Exception):
    """The text is the whole report of the failure: there is nothing of ours to trace."""


class Unmet(NotPassed, AssertionError):
    """A claim was seen not to hold, or the run left no verdict: a failure. Allure goes by AssertionError."""


class Unknown(NotPassed):
    """The run proves nothing: an error."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one experiment."""

    verdict: str
    """PASS, FAIL, INCONCLUSIVE, or NONE: it left no verdict."""
    sentences: tuple[str, ...] = ()
    """Why it is no PASS, the first first."""
    directory: Path | None = None
    claims: tuple[dict[str, Any], ...] = ()
    figures: dict[str, float | int | bool | str] = field(default_factory=dict)

    def text(self) -> str:
        """Verdict, reasons, each claim that does not hold with what was observed and its limit, the report."""
        lines = [self.verdict if self.verdict != "NONE" else "No verdict"]
        unmet = [str(claim["sentence"]) for claim in self.claims if claim["verdict"] != "PASS"]
        lines += [f"  {sentence}" for sentence in dict.fromkeys([*self.sentences, *unmet])]
        if self.directory is not None:
            lines.append(f"Report: {self.directory / 'report.html'}")
        return "\n".join(lines)


def outcome_of(ended: Ended) -> Outcome:
    """The outcome of a `chaos run`: judged again from its evidence, never taken from its exit code alone."""
    if ended.directory is None or not (ended.directory / "verdict.json").is_file():
        return Outcome("NONE", (_no_verdict(ended),), ended.directory)
    found = verify(ended.directory)
    told = read_json(ended.directory / "verdict.json") or {}
    verdict, doubts = found.verdict, list(found.differences)
    if verdict == "PASS" and ended.code != 0:
        doubts.append(f"its evidence says PASS, and yet chaos run ended with {ended.code}: {ended.last_words()}")
    if verdict == "PASS" and doubts:
        verdict = "INCONCLUSIVE"
    reasons = [str(reason["sentence"]) for reason in told.get("reasons", ())]
    claims = tuple(told.get("claims", ()))
    return Outcome(verdict, (*doubts, *reasons), ended.directory, claims, _figures(ended.directory, claims))


def merged(outcomes: list[Outcome]) -> Outcome:
    """The worst of several runs of one experiment, the first of its kind; what is not FAIL is worse unknown."""
    return min(outcomes, key=lambda outcome: WORST_FIRST.index(outcome.verdict))


def _no_verdict(ended: Ended) -> str:
    if ended.code == 0:
        return (
            "chaos run ended with 0 and left no verdict.json: its control probes.control is not declared, or could "
            f"not be imported. It said: {ended.last_words()}"
        )
    return f"chaos run ended with {ended.code} and left no verdict.json. It said: {ended.last_words()}"


def _figures(directory: Path, claims: tuple[dict[str, Any], ...]) -> dict[str, float | int | bool | str]:
    """By the claim's name where one rests on it, else by the figure's."""
    found = {str(claim["name"]): claim["value"] for claim in claims if claim.get("value") is not None}
    evidence, claimed = Evidence(directory), {claim.get("figure") for claim in claims}
    for name in COMMON:
        if name not in claimed:
            try:
                found[name] = FIGURES[name](evidence)
            except MissingEvidence:
                continue
    return found
