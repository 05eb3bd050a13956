"""Tolerances that hold whatever is observed, found by reading them and by trying them."""

import json
import math
import re
from typing import Any

__all__ = ["cannot_fail", "reads_as_value"]

_ODD = ("", "0", "-1", "no", "false", "null", "ERROR 500: x\ny", "{}", "\x00", "ü" * 50)
"""Texts that have nothing in common: a pattern that is found in all of them is found in everything."""
_EVERY_STATUS = set(range(100, 600))


def reads_as_value(tolerance: Any) -> bool:
    """Whether it is a text that JSON would read as a number, true or false."""
    if not isinstance(tolerance, str):
        return False
    try:
        return isinstance(json.loads(tolerance.strip().lower()), int | float)
    except ValueError:
        return False


def cannot_fail(tolerance: Any) -> str | None:
    """Why the tolerance claims nothing; None where it can fail, as far as can be told."""
    if isinstance(tolerance, list):
        return _list(tolerance)
    if not isinstance(tolerance, dict):
        return None
    kind = tolerance.get("type")
    if kind == "range":
        return _range(tolerance.get("range"))
    if kind == "regex":
        return _regex(tolerance.get("pattern"))
    if kind == "jsonpath" and tolerance.get("path") in ("$", "$.*", "$..*") and "expect" not in tolerance:
        return "is met by any JSON"
    return None


def _list(tolerance: list[Any]) -> str | None:
    if any(one is True for one in tolerance) and any(one is False for one in tolerance):
        return "takes true and false"
    if {one for one in tolerance if isinstance(one, int)} >= _EVERY_STATUS:
        return "takes every status"
    return None


def _range(limits: Any) -> str | None:
    try:
        low, high = (float(one) for one in limits)
    except (TypeError, ValueError):
        return None
    if math.isnan(low) or math.isnan(high):
        return None
    return "has no upper limit" if math.isinf(high) and low <= 0 else None


def _regex(pattern: Any) -> str | None:
    try:
        compiled = re.compile(str(pattern))
    except re.error:
        return None
    return "is found in any text" if all(compiled.search(text) for text in _ODD) else None
