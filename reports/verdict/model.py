"""What a judge hands down."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reports.figures import Receipt

__all__ = ["Claim", "Outcome", "Reason", "Verdict", "merged"]


class Outcome(StrEnum):
    """The three verdicts; only PASS exits 0."""

    PASS = "PASS"  # noqa: S105 - a verdict, no secret
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the experiment says must hold, and what was seen."""

    name: str
    phase: str
    """before, during, after, method, rollbacks or end."""
    verdict: Outcome
    observed: str
    limit: str
    sentence: str
    """What was found, whole; the reason where it is no PASS."""
    figure: str = ""
    """Name of the figure it rests on, where it was computed again from the complete evidence."""
    value: Any = None
    """The figure as computed again."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is no PASS."""

    verdict: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a run, and all that it rests on."""

    verdict: Outcome
    claims: tuple[Claim, ...]
    reasons: tuple[Reason, ...]
    """FAIL first, then INCONCLUSIVE; empty for PASS."""
    receipts: tuple[Receipt, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 for PASS, 1 for FAIL, 2 for INCONCLUSIVE."""
        return {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 2}[self.verdict]


def merged(outcomes: list[Outcome]) -> Outcome:
    """FAIL dominates INCONCLUSIVE, which dominates PASS."""
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        if outcome in outcomes:
            return outcome
    return Outcome.PASS
