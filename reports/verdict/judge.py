"""The judge: evidence in, verdict out. Pure: the same directory always gives the same verdict."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from reports.evidence.reader import Evidence
from reports.figures import Receipt
from reports.verdict.claims import claims
from reports.verdict.completeness import not_done, not_recorded
from reports.verdict.declared import rewritten
from reports.verdict.faults import healed, receipts, unproved
from reports.verdict.gate import not_judgeable
from reports.verdict.interventions import interventions
from reports.verdict.model import Claim, Outcome, Reason, Verdict, merged
from reports.words import say

__all__ = ["judge"]

Found = TypeVar("Found")


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a run. Raises nothing: what the judge itself trips over is INCONCLUSIVE."""
    trouble: list[str] = []
    closed = _all(trouble, say("whether the run can be judged"), lambda: not_judgeable(evidence))
    proof: list[Receipt] = _all(trouble, say("the receipts"), lambda: receipts(evidence))
    found: list[Claim] = _all(trouble, say("the claims"), lambda: claims(evidence))
    found += _all(trouble, say("whether the target healed"), lambda: [healed(evidence, tuple(proof))])
    unknown = [
        *closed,
        *_all(trouble, say("the faults"), lambda: unproved(evidence, tuple(proof))),
        *_all(trouble, say("what else happened to the target"), lambda: interventions(evidence)),
        *_all(trouble, say("what ran"), lambda: not_done(evidence)),
        *_all(trouble, say("what was declared"), lambda: rewritten(evidence)),
        *_all(trouble, say("what was recorded"), lambda: not_recorded(evidence)),
    ]
    return _verdict(found, [*unknown, *trouble], tuple(proof), judgeable=not closed)


def _verdict(found: list[Claim], unknown: list[str], proof: tuple[Receipt, ...], *, judgeable: bool) -> Verdict:
    """FAIL dominates INCONCLUSIVE; where the run cannot be judged at all, nothing can FAIL."""
    reasons = [Reason(Outcome.FAIL, c.sentence) for c in found if c.verdict == Outcome.FAIL and judgeable]
    doubts = [c.sentence for c in found if c.verdict == Outcome.INCONCLUSIVE and (judgeable or c.phase != "before")]
    reasons += [Reason(Outcome.INCONCLUSIVE, sentence) for sentence in dict.fromkeys([*unknown, *doubts])]
    outcome = merged([reason.verdict for reason in reasons])
    return Verdict(outcome, tuple(found), tuple(reasons), proof)


def _all(trouble: list[str], about: str, rule: Callable[[], Iterable[Found]]) -> list[Found]:
    """Everything a rule finds; a rule that breaks leaves what it had found, and the question open."""
    found: list[Found] = []
    try:
        found.extend(rule())
    except Exception as error:  # noqa: BLE001 - a judge that crashed must never be a PASS
        told = f"{type(error).__name__}: {error}"
        trouble.append(say("the judge could not tell {about}: {error}", about=about, error=told))
    return found
