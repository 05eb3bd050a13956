"""Lanes: the state of each instance and each breaker over time, as coloured bars."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.evidence.records import Snapshot
from reports.render.frame import Frame
from reports.render.svg import text
from reports.words import N_, joined, say

__all__ = ["LANE", "Lane", "breaker_lanes", "draw_lanes", "instance_lanes"]

LANE = 22.0
"""Height of a lane with the space below it."""

STATES = {
    "healthy": N_("healthy"),
    "running": N_("running"),
    "starting": N_("starting"),
    "unhealthy": N_("unhealthy"),
    "down": N_("down"),
    "paused": N_("paused"),
    "open": N_("open"),
    "half-open": N_("half-open"),
    "closed": N_("closed"),
}
"""States of an instance or a breaker that have a colour and a word; any other is shown as it is."""

EVENT_STATES = {"die": "down", "start": "starting", "pause": "paused", "resume": "running", "stop": "down"}


@dataclass(frozen=True, slots=True)
class Lane:
    """A named row; changes are (time, state) in order, the first the state at the beginning."""

    name: str
    changes: tuple[tuple[int, str], ...]


def instance_lanes(evidence: Evidence, services: Iterable[str] = ()) -> list[Lane]:
    """One lane an instance, of `services` or of all, in the order in which they were first seen."""
    wanted = set(services)
    first: dict[str, Snapshot] = {}
    for snapshot in evidence.snapshots:
        first.setdefault(snapshot.instance, snapshot)
    lanes: list[Lane] = []
    for instance, snapshot in first.items():
        if wanted and snapshot.service not in wanted:
            continue
        begin = (snapshot.at_ns, _inspected(snapshot.state, snapshot.health))
        events = [event for event in evidence.events if event.instance == instance]
        states = [(event.at_ns, _reported(event.kind, event.health)) for event in events]
        number = sum(lane.name.split(" ", 1)[0] == snapshot.service for lane in lanes)
        name = f"{snapshot.service} {number + 1}" if number else snapshot.service
        lanes.append(Lane(name, (begin, *((at, state) for at, state in states if state))))
    return lanes


def breaker_lanes(evidence: Evidence, prefix: str = "") -> list[Lane]:
    """One lane a breaker, its name after `prefix`."""
    names = dict.fromkeys(item.breaker for item in evidence.transitions)
    return [
        Lane(prefix + name, tuple((item.time_ns, item.after) for item in evidence.transitions if item.breaker == name))
        for name in names
    ]


def draw_lanes(frame: Frame, lanes: list[Lane], y: float) -> list[Markup]:
    """The lanes below each other from `y` on."""
    parts = []
    for row, lane in enumerate(lanes):
        top = y + row * LANE
        size = 10 if frame.narrow else 17
        name = lane.name if len(lane.name) <= size else f"{lane.name[: size - 1]}…"
        parts.append(text(frame.gutter - 7, top + 11.5, name, "lane", "end"))
        ends = [at for at, _ in lane.changes[1:]] + [frame.end_ns]
        for number, ((at, state), end) in enumerate(zip(lane.changes, ends, strict=True)):
            begin = frame.begin_ns if number == 0 else at
            if end < frame.begin_ns or begin > frame.end_ns:
                continue
            cls = f"state {_class(state)}"
            parts.append(
                frame.span(
                    (begin, end),
                    (top + 1, LANE - 8),
                    cls,
                    joined((lane.name, say(STATES[state]) if state in STATES else state), ": "),
                )
            )
    return parts


def _inspected(state: str, health: str) -> str:
    if state != "running":
        return "paused" if state == "paused" else "down"
    return health if health in {"healthy", "unhealthy", "starting"} else "running"


def _reported(kind: str, health: str | None) -> str:
    return (health or "") if kind == "health" else EVENT_STATES.get(kind, "")


def _class(state: str) -> str:
    return f"is-{state}" if state in STATES else "is-unknown"
