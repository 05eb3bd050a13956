"""What the terminal says at the end of a run."""

import logging
from pathlib import Path

from reports.evidence.reader import Evidence
from reports.render.names import names
from reports.verdict import Verdict
from reports.words import speaking
from reports.words import tell as told

__all__ = ["tell"]

logger = logging.getLogger("chaostoolkit")

_LEVELS = {"PASS": logging.INFO, "FAIL": logging.ERROR, "INCONCLUSIVE": logging.WARNING}
_TOLD = 5
"""Reasons that the terminal shows; the first is the one that the others follow from."""


def tell(verdict: Verdict, directory: Path, lang: str = "en") -> None:
    """Say the verdict, each claim with its figure, each reason, and where the report is.

    Claims and reasons are told in the report's language; the words around them are a log's, for others to read.
    """
    with speaking(lang, names(Evidence(directory), lang)):
        for claim in verdict.claims:
            logger.log(_LEVELS[claim.verdict], "%-12s %s", claim.verdict, told(claim.sentence))
        for reason in verdict.reasons[:_TOLD]:
            logger.log(_LEVELS[reason.verdict], "%-12s %s", "because", told(reason.sentence))
    more = len(verdict.reasons) - _TOLD
    if more > 0:
        logger.log(_LEVELS[verdict.verdict], "%-12s %d more reasons: see the report", "", more)
    logger.log(_LEVELS[verdict.verdict], "Verdict: %s", verdict.verdict)
    logger.info("Report: %s", directory / "report.html")
