"""A figure of the run that is still going on, once the evidence for it is there."""

import time
from collections.abc import Callable
from typing import Any

from probes.errors import ClaimUnmet
from probes.run.session import current
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered

__all__ = ["recovered", "settled", "settled_for_breakers"]

_EVERY_S = 0.2


def settled(figure: str, timeout: float = 0.0, until: Callable[[Any], bool] = lambda _: True, **arguments: Any) -> Any:
    """The figure, waited for as long as evidence is missing, or it is not yet what it is waited for.

    Raises MissingEvidence after `timeout` seconds.
    """
    session = current()
    deadline = time.monotonic() + timeout
    while True:
        last = time.monotonic() >= deadline
        try:
            value = FIGURES[figure](Evidence(session.directory), **arguments)
            if last or until(value):
                return value
        except NotRecovered as error:
            if last or (session.enough_s is not None and error.observed_s > session.enough_s):
                raise
        except MissingEvidence:
            if last:
                raise
        session.check()
        time.sleep(_EVERY_S)


def settled_for_breakers(
    figure: str, timeout: float, until: Callable[[Any], bool] = lambda _: True, **arguments: Any
) -> Any:
    """As `settled`, once breakers and calls were both read anew.

    They are read one after the other: a transition may be known while the call that made it is not, and a figure
    of the two would be wrong for a fifth of a second.
    """
    session = current()
    deadline = time.monotonic() + timeout
    # two readings: the first may have begun before now
    aims = [(watch, watch.polls + 2) for watch in session.readers]
    while any(watch.polls < aim for watch, aim in aims) and time.monotonic() < deadline:
        session.check()
        time.sleep(_EVERY_S)
    return settled(figure, max(0.0, deadline - time.monotonic()), until, **arguments)


def recovered(figure: str, timeout: float, **arguments: Any) -> float:
    """As `settled`, for seconds until something was back. Raises ClaimUnmet where it was not back in time."""
    began = time.monotonic()
    try:
        return float(settled(figure, timeout, **arguments))
    except NotRecovered as error:
        raise ClaimUnmet(f"{error} (waited {time.monotonic() - began:.3g} s)") from error
