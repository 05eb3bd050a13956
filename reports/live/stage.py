"""What an audience shall see from the back of the room: who is up, what users get, and each step of the recovery."""

import time
from dataclasses import dataclass
from typing import Any

from reports.evidence.jsonl import read_lines
from reports.evidence.reader import Evidence
from reports.evidence.tables import degraded, done_ns, failed
from reports.figures import Step
from reports.figures.sources import recorded_users
from reports.render.frame import FaultSpan, fault_spans_of
from reports.render.lanes import Lane, breaker_lanes, instance_lanes
from reports.words import say

__all__ = ["Stage", "stage"]

_NOW_NS = 2_000_000_000
"""What users get now is what they got within these last two seconds."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All that the live section shows. Steps that were not seen yet have no time."""

    title: str
    target: str
    doing: str
    """The activity that is going on."""
    since_ms: int | None
    services: tuple[tuple[str, str], ...]
    """Name and state, as the target reports it."""
    breakers: tuple[tuple[str, str], ...]
    users: str
    """good, degraded, failed, or empty where nobody was heard."""
    answers: int
    degraded: int
    failed: int
    fault: FaultSpan | None
    """The last one."""
    steps: tuple[Step, ...]
    asked_ms: int | None
    """While users have no good answer again: when the fault was asked for."""
    earlier: tuple[tuple[str, float | None], ...]
    """The faults before it, each with the seconds until users had a good answer."""

    @property
    def said(self) -> str:
        """The last thing that happened, for those who cannot see it."""
        seen = [step for step in self.steps if step.seconds is not None]
        if not seen:
            return self.doing
        return say("{step} after {length:.1f} seconds", step=seen[-1].name, length=seen[-1].seconds)


def stage(evidence: Evidence) -> Stage:
    """The evidence so far. Raises nothing on account of what is missing."""
    spans = fault_spans_of(evidence)
    last = spans[-1] if spans else None
    started = evidence.run.get("started_ns")
    target = evidence.run.get("target")
    return Stage(
        title=evidence.experiment.get("title") or say("A run without a title"),
        target=str(target.get("name") or "") if isinstance(target, dict) else "",
        doing=_doing(evidence),
        since_ms=started // 1_000_000 if isinstance(started, int) else None,
        services=_states(instance_lanes(evidence)),
        breakers=_states(breaker_lanes(evidence)),
        **_users(evidence),
        fault=last,
        steps=last.steps if last else (),
        asked_ms=last.asked_ns // 1_000_000 if last and last.until_ns is None else None,
        earlier=tuple((one.title, _length(one)) for one in spans[:-1]),
    )


def _doing(evidence: Evidence) -> str:
    """The activity; while its own pause lasts, it is what comes next."""
    lines = read_lines(evidence.directory / "activities.jsonl").objects
    if not lines:
        return say("starting the load")
    name, begun, pause = str(lines[-1].get("activity") or ""), lines[-1].get("at_ns"), lines[-1].get("pause_s")
    waits = isinstance(begun, int) and isinstance(pause, int | float) and time.time_ns() < begun + pause * 1e9
    return say("next: {name}", name=name) if waits else name


def _states(lanes: list[Lane]) -> tuple[tuple[str, str], ...]:
    return tuple((lane.name, lane.changes[-1][1]) for lane in lanes)


def _users(evidence: Evidence) -> dict[str, Any]:
    source = recorded_users(evidence)
    if source is None:
        return {"users": "", "answers": 0, "degraded": 0, "failed": 0}
    table = source.table
    done, bad, fallback = done_ns(table), failed(table), degraded(table)
    now = done > int(done.max()) - _NOW_NS
    state = "failed" if (bad & now).any() else "degraded" if (fallback & now).any() else "good"
    return {"users": state, "answers": len(table), "degraded": int(fallback.sum()), "failed": int(bad.sum())}


def _length(span: FaultSpan) -> float | None:
    return None if span.until_ns is None else (span.until_ns - span.asked_ns) / 1e9
