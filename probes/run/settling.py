"""A figure of the run that is still going on, once the evidence for it is there."""

import time
from typing import Any

from probes.errors import ClaimUnmet
from probes.run.session import current
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered

__all__ = ["recovered", "settled"]

_EVERY_S = 0.2


def settled(figure: str, timeout: float = 0.0, **arguments: Any) -> Any:
    """The figure, waited for as long as evidence is missing. Raises MissingEvidence after `timeout` seconds."""
    session = current()
    deadline = time.monotonic() + timeout
    while True:
        try:
            return FIGURES[figure](Evidence(session.directory), **arguments)
        except MissingEvidence:
            if time.monotonic() >= deadline:
                raise
        session.check()
        time.sleep(_EVERY_S)


def recovered(figure: str, timeout: float, **arguments: Any) -> float:
    """As `settled`, for seconds until something was back. Raises ClaimUnmet where it was not back in time."""
    try:
        return float(settled(figure, timeout, **arguments))
    except NotRecovered as error:
        raise ClaimUnmet(f"{error} (waited {timeout:g} s)") from error
