"""Tolerances, judged again from the values in the evidence, and told in words."""

import json
from copy import deepcopy
from typing import Any

from chaoslib import substitute
from chaoslib.hypothesis import within_tolerance

from reports.evidence.reader import Evidence
from reports.verdict.journal import mapping
from reports.words import joined, say

__all__ = ["is_met", "resolved", "runs_code", "shown", "told"]

MASKED = "***"
"""What stands in the evidence for a secret."""

SHOWN = 160
"""Characters of a value that a table shows; the journal has the rest."""


def runs_code(tolerance: Any) -> bool:
    """Whether only a probe can judge it: what it said at the time is all there is."""
    return isinstance(tolerance, dict) and tolerance.get("type") == "probe"


def resolved(evidence: Evidence, value: Any) -> Any | None:
    """`value` with `${...}` replaced as in the run; None where the evidence does not give the configuration.

    run.json may carry the configuration as it was in the run; the experiment's own is no substitute for it,
    since the command line can override it.
    """
    if not _has_variable(value):
        return deepcopy(value)
    known = mapping(evidence.run.get("configuration"))
    configuration = {name: setting for name, setting in known.items() if setting != MASKED}
    try:
        result = _substituted(deepcopy(value), configuration)
    except Exception:  # noqa: BLE001 - whatever it trips over, the value stays unknown
        return None
    return None if _has_variable(result) else result


def is_met(evidence: Evidence, tolerance: Any, value: Any) -> bool | None:
    """Whether `value` lies within `tolerance` by Chaos Toolkit's own rules; None: that cannot be said."""
    if runs_code(tolerance) or value is None or tolerance is None:
        return None
    known = resolved(evidence, tolerance)
    if known is None:
        return None
    try:
        met = within_tolerance(known, deepcopy(value), configuration={}, secrets={})
    except Exception:  # noqa: BLE001 - a tolerance that cannot be applied says nothing
        return None
    return met if isinstance(met, bool) else None


def told(tolerance: Any) -> str:
    """The tolerance in words: `0 to 10`, `true`."""
    if isinstance(tolerance, list) and len(tolerance) == 2:  # noqa: PLR2004 - Chaos Toolkit's pair
        return say("{low} to {high}", low=shown(tolerance[0]), high=shown(tolerance[1]))
    if isinstance(tolerance, list):
        return say("one of {values}", values=shown(tolerance))
    if not isinstance(tolerance, dict):
        return shown(tolerance)
    typed = _told_typed(tolerance)
    return joined((str(tolerance["target"]), typed), ": ") if tolerance.get("target") else typed


def shown(value: Any) -> str:
    """A value as a table shows it."""
    if isinstance(value, float):
        pattern = "{value:.4g}" if abs(value) < 1e4 else "{value:,.0f}"  # noqa: PLR2004 - enough to judge
        return say(pattern, value=value)
    if isinstance(value, bool):
        return say("true") if value else say("false")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _told_typed(tolerance: dict[str, Any]) -> str:
    kind = tolerance.get("type")
    bounds = tolerance.get("range")
    if kind == "range" and isinstance(bounds, list) and len(bounds) == 2:  # noqa: PLR2004
        return say("{low} to {high}", low=shown(bounds[0]), high=shown(bounds[1]))
    if kind == "regex":
        return say("matches {pattern}", pattern=shown(tolerance.get("pattern")))
    if kind == "jsonpath":
        path = shown(tolerance.get("path"))
        if "expect" not in tolerance:
            return say("{path} is there", path=path)
        return say("{path} is {expected}", path=path, expected=shown(tolerance["expect"]))
    if kind == "probe":
        return say("judged by the probe {name}", name=shown(tolerance.get("name", "")))
    return shown(tolerance)


def _has_variable(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, dict):
        return any(_has_variable(item) for item in value.values())
    return isinstance(value, list) and any(_has_variable(item) for item in value)


def _substituted(value: Any, configuration: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return substitute(value, configuration, {})
    if isinstance(value, dict):
        return {key: _substituted(item, configuration) for key, item in value.items()}
    return [_substituted(item, configuration) for item in value] if isinstance(value, list) else value
