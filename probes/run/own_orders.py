"""Orders that the experiment itself places with an HTTP activity: those were attempted too."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["placed"]

_CREATED, _ACCEPTED = 201, 202


def placed(activity: Mapping[str, Any], run: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A line for `orders.jsonl`: the order that an HTTP POST placed; None where it placed none that has an id."""
    provider = activity.get("provider")
    if not run or not isinstance(provider, Mapping) or str(provider.get("method", "")).upper() != "POST":
        return None
    answer = run.get("output")
    body = _object(answer.get("body")) if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(body, Mapping) or not isinstance(body.get("id"), str):
        return None
    status, state = answer.get("status"), body.get("state")
    outcome = "acknowledged" if status in {_CREATED, _ACCEPTED} else "refused" if state == "refused" else "unknown"
    return {"id": body["id"], "at_ns": _ns(run.get("start")), "outcome": outcome, "status": status, "state": state}


def _object(body: Any) -> Any:
    """Chaos Toolkit parses a body only where its type is said to be `application/json` and no more."""
    try:
        return json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return None


def _ns(start: Any) -> int:
    """Toolkit's own time of the start, UTC."""
    at = datetime.fromisoformat(str(start))
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6) * 1_000
