"""Which of the target's events a fault of the run explains."""

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault
from reports.figures.lasting import LASTING, NODES, STOP_NS, ended_ns, readings_of
from reports.figures.proof import EFFECT_NS
from reports.figures.recovery import died_event
from reports.figures.windows import FOREVER

__all__ = ["explained_by"]

FIRST_OF = {"hang": ("pause",), "out_of_memory": ("oom", "die"), "stop": ("kill", "die", "stop")}
"""The events that a fault makes, each once: the first of each after it was asked for. A second `kill` is the
target's own too, where the first signal did not end the process in time."""

ENDINGS = frozenset({"kill", "die", "stop"})
RETURN_NS = 15_000_000_000
"""After the undo: a machine that was away hears from its manager within a few heartbeats."""


def explained_by(evidence: Evidence, fault: Fault) -> list[Event]:
    """The events that are this fault's own; every other one is somebody's, or something's, else."""
    if fault.kind in NODES or fault.kind == "bad_update":
        return _moved(evidence, fault)
    if fault.kind == "disk_full":
        return _ends_of_itself(evidence, fault)
    if fault.kind in LASTING and fault.kind not in FIRST_OF:
        return []  # it ends nothing
    kinds = FIRST_OF.get(fault.kind)
    if kinds is None:
        died = died_event(evidence, fault, FOREVER)
        return [died] if died else []
    asked, within = fault.asked_ns or 0, STOP_NS if fault.kind == "stop" else EFFECT_NS
    own = [e for e in evidence.events if e.instance == fault.instance and asked <= e.at_ns <= asked + within]
    first = [found for kind in kinds if (found := next((event for event in own if event.kind == kind), None))]
    # The kernel may have to end more than one process until there is memory again.
    return first + [event for event in own if event.kind == "oom" and fault.kind == "out_of_memory"]


def _ends_of_itself(evidence: Evidence, fault: Fault) -> list[Event]:
    """A service without room may end, and so may one that needs a new start before it uses what is free again."""
    over = ended_ns(evidence, fault)
    if fault.asked_ns is None or over is None:
        return []
    own = (e for e in evidence.events if e.instance == fault.instance and e.kind == "die")
    return [event for event in own if fault.asked_ns <= event.at_ns <= over + EFFECT_NS]


def _moved(evidence: Evidence, fault: Fault) -> list[Event]:
    """What a swarm itself ends: on the node that is broken, or of the service that is updated, until a little after.

    A machine that was away learns when it is back that its work was given to others, and ends it.
    """
    node = next((one.value for one in readings_of(evidence, fault, "before") if one.what == "node"), None)
    until = (fault.undone_ns or 0) + RETURN_NS
    return [
        event
        for event in evidence.events
        if event.kind in ENDINGS
        and (fault.asked_ns or 0) <= event.at_ns <= until
        and (event.node == node if fault.kind in NODES else event.service == fault.service)
    ]
