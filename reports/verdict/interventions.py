"""What happened to the target that no fault of the run explains: then the run proves nothing about its faults.

A recovery that an operator made by hand is not the restart policy's; a service that dies of something else was
not broken by us; a container that was replaced in the middle is not the one that came back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from reports.evidence.reader import Evidence
from reports.evidence.records import Event
from reports.figures.explained import explained_by
from reports.verdict.journal import span_ns
from reports.words import N_, say

__all__ = ["interventions"]

HANDS = {
    "kill": N_("somebody else sent a signal to {service} at {time}: no fault of this run did"),
    "stop": N_("somebody else stopped {service} at {time}: no fault of this run did"),
    "pause": N_("somebody else paused {service} at {time}: no fault of this run did"),
    "oom": N_("{service} ran out of memory at {time}, and no fault of this run explains it"),
    "die": N_("{service} died at {time}, and no fault of this run explains it"),
}
"""What the target may report; all but a fault's own death is somebody's, or something's, else."""


def interventions(evidence: Evidence) -> Iterator[str]:
    """A sentence for each of them."""
    yield from _events(evidence)
    yield from _roster(evidence)
    yield from _faults_outside_the_method(evidence)


def _events(evidence: Evidence) -> Iterator[str]:
    explained = [event for fault in evidence.faults for event in explained_by(evidence, fault)]
    for event in evidence.events:
        if event.kind in HANDS and event not in explained:
            yield say(HANDS[event.kind], service=event.service, time=_clock(event))


def _roster(evidence: Evidence) -> Iterator[str]:
    """The instances at the end are those of the beginning."""
    begin, end = ({(s.service, s.instance) for s in evidence.snapshots if s.when == when} for when in ("begin", "end"))
    if not begin:
        yield say("no inspection of the target at its beginning was recorded")
    if not end:
        yield say("no inspection of the target at its end was recorded")
    if not begin or not end:
        return
    gone = N_("the instance {id} of {service} was there at the beginning, and is gone at the end")
    made = N_("the instance {id} of {service} was not there at the beginning: somebody else made it")
    for told, instances in ((gone, begin - end), (made, end - begin)):
        for service, instance in sorted(instances):
            yield say(told, id=instance[:12], service=service)


def _faults_outside_the_method(evidence: Evidence) -> Iterator[str]:
    """After the method the hypothesis is looked at once; what is broken later nobody looks at."""
    span = span_ns(evidence)
    for fault in evidence.faults:
        if span is None or fault.asked_ns is None or not span[0] <= fault.asked_ns <= span[1]:
            yield say(
                "the {fault} was not injected by the method: nothing was claimed about what came after it",
                fault=fault.title,
            )


def _clock(event: Event) -> str:
    return datetime.fromtimestamp(event.at_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3] + " UTC"
