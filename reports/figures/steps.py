"""Recovery taken apart: what happened when, who says so, and how exactly they can know."""

from dataclasses import dataclass

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault
from reports.evidence.tables import done_ns, failed, good, sent_ns
from reports.figures.doubt import since_the_one_before_s
from reports.figures.ends import Row, band_step, settled_step
from reports.figures.lasting import LASTING, ended_ns
from reports.figures.missing import MissingEvidence
from reports.figures.recovery import died_event, recovered_ns, started_event
from reports.figures.sources import users_canary
from reports.figures.windows import fault_spans, faults_of
from reports.words import N_, say

STATES = {"open": N_("open"), "half-open": N_("half-open"), "closed": N_("closed")}
"""Of a breaker, in the order of a recovery."""

__all__ = ["Step", "fault_steps", "recovery_steps"]

EVENT_RESOLUTION_S = 0.001
"""Events carry the target's own time; what was measured between event and time is about a millisecond."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a recovery."""

    key: str
    """asked, died, started, injected, over, answering, healthy, good, settled, band, open, half-open or closed."""
    name: str
    at_ns: int | None
    """None: it was not seen."""
    seconds: float | None
    """Since the fault was asked for."""
    source: str
    """Who says so."""
    resolution_s: float | None
    """How far off the time can be; None: not known."""


def recovery_steps(evidence: Evidence, service: str) -> list[Step]:
    """The steps of the first fault of `service`, in order of time, those not seen last.

    Raises MissingEvidence where there was no fault.
    """
    return fault_steps(evidence, *fault_spans(faults_of(evidence, service))[0])


def fault_steps(evidence: Evidence, fault: Fault, asked: int, following: int) -> list[Step]:
    """The steps of one fault, or of a loop with `fault` as its last; the span is one of `fault_spans`.

    A loop begins with the first death, and is over with the start after its last.
    """
    if fault.kind in LASTING:
        return _ordered(asked, following, _lasting(evidence, fault, asked, following))
    first = _first_of_loop(evidence, fault)
    died = died_event(evidence, first, following)
    started = started_event(evidence, fault, following)
    gone = started if fault.loop else died
    away = gone.at_ns if gone else None
    found: list[Row] = [
        ("asked", say("fault asked for"), asked, say("the fault's own record"), EVENT_RESOLUTION_S),
        (
            "died",
            say("process died"),
            died.at_ns if died else None,
            say("the target's event"),
            _death_doubt_s(evidence, first, died),
        ),
        *_last_of_loop(evidence, fault, first),
        (
            "started",
            say("started again"),
            started.at_ns if started else None,
            say("the target's event"),
            EVENT_RESOLUTION_S,
        ),
        *_answering(evidence, fault, away, following),
        _healthy(evidence, fault, started.at_ns if started else None, following),
        *_users(evidence, fault, asked, following),
        *_breakers(evidence, asked, following),
        *band_step(evidence, fault, asked, following),
    ]
    return _ordered(asked, following, found)


def _ordered(asked: int, following: int, found: list[Row]) -> list[Step]:
    steps = [
        Step(key, name, at, None if at is None else (at - asked) / 1e9, source, resolution)
        for key, name, at, source, resolution in found
    ]
    return sorted(steps, key=lambda step: following if step.at_ns is None else step.at_ns)


def _lasting(evidence: Evidence, fault: Fault, asked: int, following: int) -> list[Row]:
    """A fault that stays: in place, over, and then as any other."""
    over = ended_ns(evidence, fault)
    told = say("the fault's own record")
    return [
        ("asked", say("fault asked for"), asked, told, EVENT_RESOLUTION_S),
        ("injected", say("fault in place"), fault.injected_ns, told, EVENT_RESOLUTION_S),
        ("over", say("fault over"), over, say("the target, or the verified undo"), EVENT_RESOLUTION_S),
        *_answering(evidence, fault, over, following),
        *_users(evidence, fault, asked, following),
        *_breakers(evidence, asked, following),
    ]


def _first_of_loop(evidence: Evidence, fault: Fault) -> Fault:
    loop = [one for one in evidence.faults if fault.loop and one.loop == fault.loop and one.asked_ns is not None]
    return min(loop, key=lambda one: one.asked_ns or 0, default=fault)


def _last_of_loop(evidence: Evidence, fault: Fault, first: Fault) -> list[Row]:
    if fault is first:
        return []
    many = sum(one.loop == fault.loop for one in evidence.faults)
    name = say("last of {n} crashes asked for", n=many)
    return [("last", name, fault.asked_ns, say("the fault's own record"), EVENT_RESOLUTION_S)]


def _death_doubt_s(evidence: Evidence, fault: Fault, died: Event | None) -> float:
    """An engine reports a death when it has cleaned up: the service's own canary can have felt it earlier."""
    source = evidence.sources.get(f"canary:{fault.service}")
    if died is None or source is None:
        return EVENT_RESOLUTION_S
    done = done_ns(source.table)
    felt = done[failed(source.table) & (sent_ns(source.table) >= (fault.asked_ns or 0)) & (done < died.at_ns)]
    return max(EVENT_RESOLUTION_S, (died.at_ns - int(felt.min())) / 1e9) if felt.size else EVENT_RESOLUTION_S


def _answering(evidence: Evidence, fault: Fault, died: int | None, following: int) -> list[Row]:
    """First good answer of the service itself, where a canary of its name looks at it directly."""
    source = evidence.sources.get(f"canary:{fault.service}")
    if source is None or not len(source.table) or _stands_for_users(evidence, fault):
        return []
    at = None
    if died is not None:
        table = source.table
        rows = good(table) & (sent_ns(table) > died) & (done_ns(table) < following)
        at = int(np.min(done_ns(table)[rows])) if rows.any() else None
    who = say("canary “{name}”", name=fault.service)
    return [("answering", say("answers by itself"), at, who, since_the_one_before_s(source, at))]


def _healthy(evidence: Evidence, fault: Fault, started: int | None, following: int) -> Row:
    at = None
    if started is not None:
        healthy = (
            event.at_ns
            for event in evidence.events
            if event.kind == "health"
            and event.health == "healthy"
            and event.instance == fault.instance
            and started <= event.at_ns < following
        )
        at = next(healthy, None)
    return (
        "healthy",
        say("reported healthy"),
        at,
        say("the target's health check"),
        health_interval_s(evidence, fault.service),
    )


def _stands_for_users(evidence: Evidence, fault: Fault) -> bool:
    """Whether the only look at users is a look at the broken service itself."""
    return evidence.recording is not None and evidence.recording.canaries[:1] == (fault.service,)


def _users(evidence: Evidence, fault: Fault, asked: int, following: int) -> list[Row]:
    try:
        source = users_canary(evidence)
    except MissingEvidence:
        return []
    try:
        at: int | None = recovered_ns(evidence, source, fault, asked, following)
    except MissingEvidence:
        at = None
    name = source.name.removeprefix("canary:")
    told = say("first good answer") if _stands_for_users(evidence, fault) else say("first good answer to a user")
    back: Row = ("good", told, at, say("canary “{name}”", name=name), since_the_one_before_s(source, at))
    return [back, *settled_step(source, asked, following)]


def _breakers(evidence: Evidence, asked: int, following: int) -> list[Row]:
    """For each breaker that opened: when it did, its first trial, and its closing."""
    rows: list[Row] = []
    for breaker in sorted({item.breaker for item in evidence.transitions}):
        at = asked
        for state, word in STATES.items():
            moves = (
                item.time_ns
                for item in evidence.transitions
                if item.breaker == breaker and item.after == state and item.before is not None
                and at <= item.time_ns < following
            )  # fmt: skip
            found = next(moves, None)
            if found is None:
                break
            at = found
            told = say("breaker “{breaker}” {state}", breaker=breaker, state=say(word))
            rows.append((state, told, at, say("the breaker's own record"), EVENT_RESOLUTION_S))
    return rows


def health_interval_s(evidence: Evidence, service: str) -> float | None:
    """Seconds between health checks of a service, as declared; None where it declares none."""
    services = evidence.system.get("services")
    for declared in services if isinstance(services, list) else ():
        if isinstance(declared, dict) and declared.get("name") == service:
            interval = declared.get("health_interval_s")
            return float(interval) if isinstance(interval, int | float) else None
    return None
