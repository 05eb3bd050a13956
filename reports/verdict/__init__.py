"""Three verdicts: PASS, FAIL, INCONCLUSIVE. Anything unknown is INCONCLUSIVE, and only PASS exits 0."""

from reports.verdict.judge import judge
from reports.verdict.model import Claim, Outcome, Reason, Verdict
from reports.verdict.writing import write

__all__ = ["Claim", "Outcome", "Reason", "Verdict", "judge", "write"]
