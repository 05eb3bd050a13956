"""What the terminal says at the end of a run."""

import logging
from pathlib import Path

from reports.verdict import Verdict

__all__ = ["tell"]

logger = logging.getLogger("chaostoolkit")

_LEVELS = {"PASS": logging.INFO, "FAIL": logging.ERROR, "INCONCLUSIVE": logging.WARNING}
_TOLD = 5
"""Reasons that the terminal shows; the first is the one that the others follow from."""


def tell(verdict: Verdict, directory: Path) -> None:
    """Say the verdict, each claim with its figure, each reason, and where the report is."""
    for claim in verdict.claims:
        logger.log(_LEVELS[claim.verdict], "%-12s %s", claim.verdict, claim.sentence)
    for reason in verdict.reasons[:_TOLD]:
        logger.log(_LEVELS[reason.verdict], "%-12s %s", "because", reason.sentence)
    more = len(verdict.reasons) - _TOLD
    if more > 0:
        logger.log(_LEVELS[verdict.verdict], "%-12s %d more reasons: see the report", "", more)
    logger.log(_LEVELS[verdict.verdict], "Verdict: %s", verdict.verdict)
    logger.info("Report: %s", directory / "report.html")
