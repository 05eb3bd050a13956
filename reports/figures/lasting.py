"""Faults that last: when they were over, and the proof that they were in place, read back from the target."""

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault, Reading
from reports.figures.proof import EFFECT_NS, Receipt, clock, named, unproved
from reports.words import N_, say

__all__ = ["LASTING", "NODES", "STOP_NS", "ended_ns", "hang_receipt", "readings_of", "stop_receipt", "unread"]

ENDS = {"hang": "resume", "stop": "start"}
"""The target's own event that says that a fault is over."""
NODES = frozenset({"node_down", "node_drain", "node_partition"})
"""Faults of a machine: whatever runs there suffers from them."""
LASTING = frozenset(
    {
        *ENDS,
        *("partition", "latency", "loss", "bandwidth", "dns_failure", "bad_answers"),
        *("cpu_starved", "memory_squeezed", "disk_full", "stall"),
        *(*NODES, "bad_update"),
    }
)
"""Faults that stay until they are undone."""
LEAST_READINGS = 2
"""When it was put in place, and right before it is undone."""
STOP_NS = 12_000_000_000
"""An operator's stop may take ten seconds by itself."""


def ended_ns(evidence: Evidence, fault: Fault) -> int | None:
    """When a fault that lasts was over: by the target's own event, else by its verified undo; None: not seen."""
    kind = ENDS.get(fault.kind)
    began = _event(evidence, fault, {"hang": "pause", "stop": "die"}.get(fault.kind, ""), STOP_NS)
    if kind and began:
        found = (e.at_ns for e in evidence.events if _is(e, fault, kind) and e.at_ns > began.at_ns)
        return next(found, fault.undone_ns)
    return fault.undone_ns


def hang_receipt(evidence: Evidence, fault: Fault) -> Receipt:
    """It was paused, says the target, and a connection opened and was not answered, which was answered before."""
    paused = _event(evidence, fault, "pause", EFFECT_NS)
    missing = unread(evidence, fault)
    if paused is None:
        missing.append(say("the target reported no pause event after it was asked for"))
    if not missing:
        before, during = _values(evidence, fault, "before"), _all_during(evidence, fault)
        if before.get("connection_answered") is not True:
            missing.append(say("a connection was not answered before it either"))
        if during["state"] != {"paused"}:
            missing.append(say("inspection did not show it paused all the time"))
        # One is enough: nobody takes them, so the kernel's queue for them is full after a while.
        if True not in during["connection_opens"]:
            missing.append(say("no connection opened: nothing shows that it hung"))
        if during["connection_answered"] != {False}:
            missing.append(say("a connection was answered while it was to hang"))
    facts = (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("pause event"), clock(paused.at_ns if paused else None)),
        (say("over"), clock(ended_ns(evidence, fault))),
    )
    if missing:
        return unproved(fault, *missing, broken=paused is not None, facts=facts)
    told = N_(
        "{service} hung: the target reports a pause event and the state paused; a connection opened and was not "
        "answered, as one had been before"
    )
    return Receipt(fault, True, True, say(told, service=fault.service), (), facts)


def stop_receipt(evidence: Evidence, fault: Fault) -> Receipt:
    """It was stopped by an operator's hand, and stayed down until it was started again by its undo."""
    stopped, died = (_event(evidence, fault, kind, STOP_NS) for kind in ("stop", "die"))
    missing = unread(evidence, fault)
    if stopped is None:
        missing.append(say("the target reported no stop event after it was asked for"))
    if died is None:
        instance = fault.instance or say("the instance")
        missing.append(say("the target reported no die event of {instance} after it was asked for", instance=instance))
    if not missing and _all_during(evidence, fault)["state"] != {"stopped"}:
        missing.append(say("inspection did not show it stopped all the time"))
    facts = (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("die event"), clock(died.at_ns if died else None)),
        (say("stop event"), clock(stopped.at_ns if stopped else None)),
        (say("start event"), clock(ended_ns(evidence, fault))),
    )
    if missing:
        return unproved(fault, *missing, broken=died is not None, facts=facts)
    told = N_("{service} was stopped: the target reports a stop event, and it stayed down until the fault was undone")
    return Receipt(fault, True, True, say(told, service=fault.service), (), facts)


def unread(evidence: Evidence, fault: Fault) -> list[str]:
    """What must have been read back of any fault that lasts."""
    missing = []
    if not readings_of(evidence, fault, "before"):
        missing.append(say("nothing was read back from the target before it"))
    during = {reading.at_ns for reading in readings_of(evidence, fault, "during")}
    if not during:
        missing.append(say("nothing was read back from the target while it was in place"))
    elif len(during) < LEAST_READINGS:
        missing.append(say("it was read back only once while it was in place: nothing says how long it stayed"))
    if fault.undone_ns is None:
        missing.append(say("nothing says that it was undone"))
    return missing


def readings_of(evidence: Evidence, fault: Fault, when: str) -> list[Reading]:
    """What was read back of a fault, in order of time."""
    return [reading for reading in evidence.readings if reading.fault == fault.id and reading.when == when]


def _values(evidence: Evidence, fault: Fault, when: str) -> dict[str, bool | float | str]:
    """The last value of each name."""
    return {reading.what: reading.value for reading in readings_of(evidence, fault, when)}


def _all_during(evidence: Evidence, fault: Fault) -> dict[str, set[bool | float | str]]:
    """Every value of each name while the fault was in place; an empty set for one that was not read."""
    found: dict[str, set[bool | float | str]] = {
        "state": set(),
        "connection_opens": set(),
        "connection_answered": set(),
    }
    for reading in readings_of(evidence, fault, "during"):
        found.setdefault(reading.what, set()).add(reading.value)
    return found


def _event(evidence: Evidence, fault: Fault, kind: str, within_ns: int) -> Event | None:
    asked = fault.asked_ns or 0
    found = (event for event in evidence.events if _is(event, fault, kind))
    return next((event for event in found if asked <= event.at_ns <= asked + within_ns), None)


def _is(event: Event, fault: Fault, kind: str) -> bool:
    return event.kind == kind and event.instance == fault.instance
