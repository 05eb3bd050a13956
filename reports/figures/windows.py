"""When a fault was on: from the moment it was asked for to the moment its circuit breaker closed again."""

from itertools import pairwise

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault, Transition
from reports.figures.missing import MissingEvidence
from reports.words import N_, say

__all__ = ["FOREVER", "Window", "breaker_window", "fault_spans", "faults_of", "transitions_of"]

FOREVER = 2**62
"""Later than any time of a run."""

Window = tuple[int, int]
"""From, to, both included, UTC nanoseconds."""


def faults_of(evidence: Evidence, service: str) -> tuple[Fault, ...]:
    """Faults of a service in the order asked. Raises MissingEvidence where there is none."""
    found = [fault for fault in evidence.faults if fault.service == service and fault.asked_ns is not None]
    if not found:
        hit = ", ".join(sorted({fault.service for fault in evidence.faults})) or say("none at all")
        raise MissingEvidence(
            say("no fault of {service!r} was recorded (services hit: {hit})", service=service, hit=hit)
        )
    return tuple(sorted(found, key=lambda fault: fault.asked_ns or 0))


def fault_spans(faults: tuple[Fault, ...]) -> tuple[tuple[Fault, int, int], ...]:
    """Each fault with the time it was asked for, and the time the next one was: an effect belongs to one.

    The faults of a loop are one span, from the asking for the first; the fault that stands for it is the last,
    since there is nothing to recover to before that.
    """
    loops: dict[str, list[Fault]] = {}
    for fault in faults:
        loops.setdefault(fault.loop or fault.id, []).append(fault)
    asked = [loop[0].asked_ns or 0 for loop in loops.values()]
    spans = pairwise([*asked, FOREVER])
    return tuple((loop[-1], *span) for loop, span in zip(loops.values(), spans, strict=True))


def transitions_of(evidence: Evidence, breaker: str) -> tuple[Transition, ...]:
    """What a breaker did. Raises MissingEvidence where it was never read, or a transition is missing."""
    found = tuple(transition for transition in evidence.transitions if transition.breaker == breaker)
    if not found:
        there = ", ".join(sorted({transition.breaker for transition in evidence.transitions})) or say("none at all")
        raise MissingEvidence(
            say("breaker {breaker!r} was never read (read were: {there})", breaker=breaker, there=there)
        )
    known: dict[tuple[str, str | None], int] = {}  # of two copies each has its own row, however they mix
    for move in found:
        if move.seq is None:
            continue
        before = known.get((move.source, move.boot), move.seq)
        if move.seq > before + 1:
            told = N_("breaker {breaker!r}: transitions {first} to {last} are missing")
            raise MissingEvidence(say(told, breaker=breaker, first=before + 1, last=move.seq - 1))
        known[move.source, move.boot] = move.seq
    return found


def breaker_window(
    transitions: tuple[Transition, ...], asked_ns: int, next_ns: int, last_ns: int | None = None
) -> Window | None:
    """From a fault's asking to the breaker's closing; None where it did not open before the next fault.

    `last_ns`: when the last crash of a loop took effect. The breaker may have closed between two crashes: such a
    closing ends the window only if no opening followed.
    """
    opened = [item for item in transitions if item.after == "open" and asked_ns <= item.time_ns < next_ns]
    if not opened:
        return None
    closed = [t.time_ns for t in transitions if t.after == "closed" and t.time_ns >= opened[0].time_ns]
    last = asked_ns if last_ns is None else last_ns
    final = (at for at in closed if at >= last or opened[-1].time_ns < at)
    return asked_ns, next(final, FOREVER)
