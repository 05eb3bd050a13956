"""What the run does not say: what was not broken, not recorded, not judged. Named, never shown as an empty section."""

from collections.abc import Callable

from reports.evidence.reader import Evidence
from reports.figures.traces import exemplars
from reports.render.tables import services
from reports.verdict.journal import activities
from reports.words import joined, say

__all__ = ["untested"]


def untested(evidence: Evidence) -> list[str]:
    """A sentence for each thing that this run says nothing about."""
    rules: tuple[Callable[[Evidence], str], ...] = (
        _one_trial,
        _unbroken,
        _unrecorded,
        _empty,
        _traces,
        _unjudged,
        _elsewhere,
    )
    found = [sentence for sentence in (rule(evidence) for rule in rules) if sentence]
    told = say(
        "Probing and load are part of the system while it is observed; recovery without them can take another time."
    )
    return [*found, *evidence.damage, told]


def _one_trial(evidence: Evidence) -> str:
    many = len(evidence.faults)
    if not many:
        return say("Nothing was broken: the evidence has no record of a fault, and no receipt.")
    if many == 1:
        return say("This was one trial: it shows that the system can recover, not how often or how evenly it does.")
    return say("{many} faults were asked for in this one run.", many=many)


def _unbroken(evidence: Evidence) -> str:
    hit = {fault.service for fault in evidence.faults}
    spared = [str(one.get("name")) for one in services(evidence) if one.get("name") not in hit]
    return say("Nothing was broken in: {services}.", services=", ".join(spared)) if spared and hit else ""


def _unrecorded(evidence: Evidence) -> str:
    told = evidence.recording
    if told is None:
        return say("The evidence does not say what was to be recorded.")
    absent = [
        name
        for name, there in (
            (say("load"), told.load),
            (say("a canary"), bool(told.canaries)),
            (say("circuit breakers"), bool(told.breakers)),
            (say("orders"), told.orders),
            (say("traces of single requests"), told.traces or bool(evidence.spans)),
        )
        if not there
    ]
    return say("Not recorded, because not configured: {what}.", what=joined(absent, ", ")) if absent else ""


def _empty(evidence: Evidence) -> str:
    """Sections that the report leaves out, because the evidence for them is not there."""
    ran = evidence.journal.get("rollbacks") or evidence.heal
    absent = [
        name
        for name, there in (
            (say("what users saw"), evidence.sources),
            (say("the states of the services over time"), evidence.snapshots),
            (say("the system under test"), services(evidence)),
            (say("whether the target was restored"), ran),
        )
        if not there
    ]
    return say("The evidence does not show: {what}.", what=joined(absent, ", ")) if absent else ""


def _traces(evidence: Evidence) -> str:
    """Traces that were to be recorded, and are not there, not all there, or not to be shown."""
    why, told = evidence.run.get("traces_missing"), evidence.recording
    if isinstance(why, str) and why:
        return say("Traces of single requests are missing, some or all of them: {why}.", why=why.rstrip("."))
    if told is not None and told.traces and not evidence.spans:
        return say(
            "Traces of single requests were to be recorded, and none came: a stack that the run did not bring up "
            "itself has to be told where to send them (OTEL_EXPORTER_OTLP_ENDPOINT)."
        )
    if evidence.spans and not exemplars(evidence):
        return say(
            "Traces of single requests were recorded, and none of them is a whole request in a run with a fault."
        )
    count = evidence.span_counts.get("no_room")
    if isinstance(count, int) and count > 0:
        return say("Traces of single requests were kept up to a bound; spans that came after it: {count}.", count=count)
    return ""


def _unjudged(evidence: Evidence) -> str:
    names = [
        f"“{one.name}”" for one in activities(evidence.journal.get("run")) if one.is_probe and not one.has_tolerance
    ]
    return say("Observed without a claim, so not judged: {probes}.", probes=", ".join(names)) if names else ""


def _elsewhere(evidence: Evidence) -> str:  # noqa: ARG001 - a rule among others
    """What no single run can show."""
    return say("Not part of this run: a negative control, a comparison with a baseline, faults of other kinds.")
