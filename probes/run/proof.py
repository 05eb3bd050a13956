"""A run for proof, whose stack lacks a mechanism: over as soon as the claim that should notice was seen not to hold."""

from collections.abc import Callable, Mapping
from typing import Any

from reports.verdict.journal import mapping

__all__ = ["UntilUnmet"]

Met = Callable[[Any, Any], bool | None]
"""Whether a value lies within a tolerance; None: that cannot be said."""


class UntilUnmet:
    """What a run is to show, and no more: that one claim of its method does not hold.

    A claim of the hypothesis is none of its business: unmet it ends the run by itself, and is in the journal only then.
    """

    def __init__(self, claim: str | None, experiment: Mapping[str, Any]) -> None:
        claims = [one.get("name") for one in experiment.get("method", ()) if "tolerance" in one]
        self._claim = claim if claim in claims else None

    def enough_s(self, activity: Mapping[str, Any]) -> float | None:
        """Seconds after which what is not back yet cannot meet the claim any more; None: it is not this one."""
        if not self._is(activity):
            return None
        tolerance = activity["tolerance"]
        bounds = tolerance if isinstance(tolerance, list) else mapping(tolerance).get("range")
        most = bounds[1] if isinstance(bounds, list) and len(bounds) == 2 else None  # noqa: PLR2004 - a range
        return float(most) if isinstance(most, int | float) else None

    def ended_by(self, activity: Mapping[str, Any], run: Mapping[str, Any] | None, met: Met) -> str | None:
        """Why the run is over, where this was the claim and it does not hold."""
        if not run or not self._is(activity):
            return None
        if run.get("status") == "succeeded" and met(activity["tolerance"], run.get("output")):
            return None
        return f"“{self._claim}” was seen not to hold, and this run was to show no more"

    def _is(self, activity: Mapping[str, Any]) -> bool:
        return self._claim is not None and activity.get("name") == self._claim and "tolerance" in activity
