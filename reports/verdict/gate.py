"""What must be so before anything can be judged at all: where it is not, nothing can FAIL."""

from collections.abc import Iterator

from reports.evidence.reader import Evidence
from reports.verdict.journal import Activity, activities, declared, hypothesis_probes, is_dry, items, mapping
from reports.verdict.machine import starved
from reports.verdict.tolerance import is_met, runs_code
from reports.words import N_, say

__all__ = ["not_judgeable"]


def not_judgeable(evidence: Evidence) -> Iterator[str]:
    """A sentence for each reason why the run cannot be judged."""
    if not evidence.journal:
        yield say("journal.json is missing or cannot be read: nothing says what the experiment did")
        return
    interrupted = evidence.run.get("interrupted")
    if interrupted or evidence.journal.get("status") == "interrupted":
        told = say("the run was interrupted")
        yield say("{sentence} ({why})", sentence=told, why=interrupted) if interrupted else told
    if is_dry(evidence):
        yield say("it was a dry run: activities only pretended to run")
    yield from _hypothesis(evidence)
    yield from _method(evidence)
    yield from starved(evidence)


def _hypothesis(evidence: Evidence) -> Iterator[str]:
    states = mapping(evidence.journal.get("steady_states"))
    probes = hypothesis_probes(evidence)
    if not probes:
        yield say("the experiment has no steady-state hypothesis: nothing says what normal is")
        return
    before = states.get("before")
    if not isinstance(before, dict):
        yield say("the steady-state hypothesis was skipped before the method")
    else:
        yield from _baseline(evidence, before, len(probes))
    if not isinstance(states.get("after"), dict):
        yield say("the steady-state hypothesis was skipped, or not reached, after the method")


def _baseline(evidence: Evidence, before: dict[str, object], expected: int) -> Iterator[str]:
    told = say("the system was not in its steady state before anything was broken")
    ran = activities(before.get("probes"))
    unmet = [probe for probe in ran if not _stood(evidence, probe)]
    if unmet:
        probe = unmet[0]
        why = probe.error or say("was outside its tolerance")
        yield say("{sentence}: “{name}” {why}", sentence=told, name=probe.name, why=why)
    elif before.get("steady_state_met") is not True:
        yield told
    elif len(ran) < expected:
        few = N_("only {ran} of {expected} probes of the steady-state hypothesis ran before the method")
        yield say(few, ran=len(ran), expected=expected)


def _stood(evidence: Evidence, probe: Activity) -> bool:
    if not probe.succeeded or probe.entry.get("tolerance_met") is not True:
        return False
    tolerance = probe.declared.get("tolerance")
    return runs_code(tolerance) or is_met(evidence, tolerance, probe.entry.get("output")) is not False


def _method(evidence: Evidence) -> Iterator[str]:
    method, ran = declared(evidence, "method"), items(evidence.journal.get("run"))
    if evidence.journal.get("status") == "aborted":
        yield say("the method was aborted by an error that was not expected")
    if not method or not ran:
        yield say("the method did not run")
