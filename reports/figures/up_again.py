"""Time until the target itself had a service up again: for a service that no user sees."""

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.figures.lasting import LASTING
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.figures.steps import fault_steps, health_interval_s
from reports.figures.windows import fault_spans, faults_of
from reports.words import N_, say

__all__ = ["up_again_seconds"]


def up_again_seconds(evidence: Evidence, service: str) -> float:
    """Seconds from the asking for a fault that ends a process until the target reported it up again; the worst.

    Up: started, and where the service declares a health check, reported healthy after that. Raises NotRecovered
    where that was not reported, and MissingEvidence where there was no such fault, or reports were lost.
    """
    spans = [span for span in fault_spans(faults_of(evidence, service)) if span[0].kind not in LASTING]
    if not spans:
        raise MissingEvidence(say("no fault that ends {service} was recorded", service=service))
    return max(_up_again(evidence, *span) for span in spans)


def _up_again(evidence: Evidence, fault: Fault, asked: int, following: int) -> float:
    steps = {step.key: step for step in fault_steps(evidence, fault, asked, following)}
    has_check = health_interval_s(evidence, fault.service) is not None
    seconds = steps["healthy" if has_check else "started"].seconds
    if seconds is not None:
        return seconds
    later = [one for one in evidence.snapshots if one.instance == fault.instance and asked < one.at_ns < following]
    died = steps["died"].at_ns
    if died is None:
        told = N_("the target did not report that {service} died: nothing to recover from")
        raise MissingEvidence(say(told, service=fault.service))
    if any((one.started_ns or 0) > died and one.health in {"healthy", "none"} for one in later):
        told = N_("inspection shows that {service} was up again, but no event says when")
        raise MissingEvidence(say(told, service=fault.service))
    told = N_("{service} was not reported to be healthy again") if has_check else N_(
        "{service} was not reported to have started again"
    )  # fmt: skip
    watched = (max((one.at_ns for one in later), default=asked) - asked) / 1e9
    raise NotRecovered(say(told, service=fault.service), watched)
