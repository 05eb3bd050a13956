"""What happened to the target that no fault of the run explains: then the run proves nothing about its faults.

A recovery that an operator made by hand is not the restart policy's; a service that dies of something else was
not broken by us; a container that was replaced in the middle is not the one that came back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from reports.evidence.reader import Evidence
from reports.evidence.records import Event
from reports.figures.recovery import died_event
from reports.figures.windows import FOREVER
from reports.verdict.journal import span_ns

__all__ = ["interventions"]

HANDS = {"kill": "sent a signal to", "stop": "stopped", "pause": "paused"}
"""What nobody but an operator does: no fault of ours goes through the target's front door."""


def interventions(evidence: Evidence) -> Iterator[str]:
    """A sentence for each of them."""
    yield from _events(evidence)
    yield from _roster(evidence)
    yield from _faults_outside_the_method(evidence)


def _events(evidence: Evidence) -> Iterator[str]:
    deaths = [died_event(evidence, fault, FOREVER) for fault in evidence.faults]
    for event in evidence.events:
        if event.kind in HANDS:
            yield f"somebody else {HANDS[event.kind]} {event.service} at {_clock(event)}: no fault of this run did"
        elif event.kind == "oom":
            yield f"{event.service} ran out of memory at {_clock(event)}: no fault of this run explains it"
        elif event.kind == "die" and event not in deaths:
            yield f"{event.service} died at {_clock(event)}, and no fault of this run explains it"


def _roster(evidence: Evidence) -> Iterator[str]:
    """The instances at the end are those of the beginning."""
    begin, end = ({(s.service, s.instance) for s in evidence.snapshots if s.when == when} for when in ("begin", "end"))
    if not begin or not end:
        yield f"no inspection of the target at its {'end' if begin else 'beginning'} was recorded"
        return
    for service, instance in sorted(begin - end):
        yield f"the instance {instance[:12]} of {service} was there at the beginning, and is gone at the end"
    for service, instance in sorted(end - begin):
        yield f"the instance {instance[:12]} of {service} was not there at the beginning: somebody else made it"


def _faults_outside_the_method(evidence: Evidence) -> Iterator[str]:
    """After the method the hypothesis is looked at once; what is broken later nobody looks at."""
    span = span_ns(evidence)
    for fault in evidence.faults:
        if span is None or fault.asked_ns is None or not span[0] <= fault.asked_ns <= span[1]:
            yield f"the {fault.title} was not injected by the method: nothing was claimed about what came after it"


def _clock(event: Event) -> str:
    return datetime.fromtimestamp(event.at_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3] + " UTC"
