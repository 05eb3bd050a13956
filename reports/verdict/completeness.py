"""Is everything there that was to be recorded, and did every activity run that was declared."""

from collections.abc import Iterator

import numpy as np

from reports.evidence.manifest import DERIVED, sealed, verify_manifest
from reports.evidence.reader import Evidence, Recording
from reports.evidence.records import Problem
from reports.evidence.stages import all_due_ns, read_stages
from reports.evidence.tables import SampleFile, Source, done_ns, good, sent_ns
from reports.figures import MissingEvidence
from reports.figures.lasting import LASTING, ended_ns
from reports.figures.orders import lost_orders
from reports.figures.recovery import died_event
from reports.figures.windows import FOREVER, transitions_of
from reports.verdict.journal import activities, declared, hypothesis_probes, items, mapping, span_ns
from reports.words import N_, said, say

__all__ = ["not_done", "not_recorded"]

QUIET_S = 1.0
"""A canary may be silent this long, or ten of its intervals, whichever is longer."""
LOAD_QUIET_S = 5.0
"""Users think between two requests; a load that is silent longer was not there."""
STEP_S = 0.1
"""By so much a clock that is merely kept right never leaves the monotonic one: that is slewed with it."""

UNSAID = {
    "after": N_("the journal does not say whether the steady-state hypothesis was met after the method"),
    "during": N_("the journal does not say whether the steady-state hypothesis was met during the method"),
}
FEW = {
    "after": N_("only {ran} of {expected} probes of the steady-state hypothesis ran after the method"),
    "during": N_("only {ran} of {expected} probes of the steady-state hypothesis ran during the method"),
}
UNMET = {
    "after": N_("the journal says that the steady-state hypothesis was not met after the method, but not why"),
    "during": N_("the journal says that the steady-state hypothesis was not met during the method, but not why"),
}


def not_done(evidence: Evidence) -> Iterator[str]:
    """A sentence for each thing that was declared and did not happen, or did not succeed."""
    journal = evidence.journal
    for key, phase, name in (("run", "method", say("method")), ("rollbacks", "rollbacks", say("rollbacks"))):
        expected, ran = declared(evidence, phase), activities(journal.get(key))
        if len(ran) < len(expected):
            told = N_("only {ran} of {expected} activities of the {phase} ran")
            yield say(told, ran=len(ran), expected=len(expected), phase=name)
        for activity in ran:
            if not activity.succeeded and not activity.claim_unmet:
                kind = say("probe") if activity.is_probe else say("action")
                error = activity.error or say("status {status!r}", status=activity.entry.get("status"))
                told = N_("the {kind} “{name}” in the {phase} did not succeed: {error}")
                yield say(told, kind=kind, name=activity.name, phase=name, error=error)
    if journal.get("status") != "completed":
        told = N_("the experiment did not run to its end: the journal's status is {status!r}")
        yield say(told, status=journal.get("status"))
    states = mapping(journal.get("steady_states"))
    yield from _hypothesis(evidence, mapping(states.get("after")), "after")
    for state in items(states.get("during")):
        yield from _hypothesis(evidence, mapping(state), "during")


def _hypothesis(evidence: Evidence, state: dict[str, object], when: str) -> Iterator[str]:
    met, probes = state.get("steady_state_met"), activities(state.get("probes"))
    if not isinstance(met, bool):
        yield say(UNSAID[when])
    elif met and len(probes) < len(hypothesis_probes(evidence)):
        yield say(FEW[when], ran=len(probes), expected=len(hypothesis_probes(evidence)))
    elif not met and all(one.succeeded and one.entry.get("tolerance_met") is True for one in probes):
        yield say(UNMET[when])


def not_recorded(evidence: Evidence) -> Iterator[str]:
    """A sentence for each thing that is missing in the evidence, or does not fit together."""
    for name in ("run", "experiment", "system"):
        if not getattr(evidence, name):
            yield say("{file} is missing or cannot be read", file=f"{name}.json")
    if evidence.run and evidence.run.get("format") != 1:
        told = N_("run.json has format {format!r}; only format 1 is understood")
        yield say(told, format=evidence.run.get("format"))
    if not isinstance(evidence.run.get("ended_ns"), int):
        yield say("run.json has no end: the recording was cut off")
    yield from _clock_was_set(evidence)
    yield from (_problem(one) for one in evidence.problems)
    yield from (say("evidence is damaged: {sentence}", sentence=sentence) for sentence in evidence.damage)
    yield from _unsealed(evidence)
    if evidence.recording is None:
        yield say("run.json does not say what was to be recorded")
    else:
        yield from _sources(evidence, evidence.recording)
        yield from _breakers(evidence, evidence.recording)
        for url in evidence.recording.calls:
            if url not in evidence.calls:
                yield say("calls at {url} were configured, and never read", url=url)
        yield from _orders(evidence, evidence.recording)


def _clock_was_set(evidence: Evidence) -> Iterator[str]:
    """Some times of the evidence follow such a step at once, others, taken from the monotonic clock, never."""
    clock = mapping(evidence.run.get("clock"))
    names = ("wall_ns", "monotonic_ns", "ended_wall_ns", "ended_monotonic_ns")
    read = [clock.get(name) for name in names]
    wall, monotonic, ended_wall, ended_monotonic = (one if isinstance(one, int) else None for one in read)
    if wall is None or monotonic is None or ended_wall is None or ended_monotonic is None:
        return  # it was not always read at the end
    step_s = ((ended_wall - wall) - (ended_monotonic - monotonic)) / 1e9
    if abs(step_s) > STEP_S:
        told = N_("the clock of this machine was set by {step:+.3g} s during the run: its times do not fit together")
        yield say(told, step=step_s)


def _problem(problem: Problem) -> str:
    if not problem.detail:
        return say("evidence is incomplete: {what}", what=problem.what)
    return say("evidence is incomplete: {what} ({detail})", what=problem.what, detail=problem.detail)


def _unsealed(evidence: Evidence) -> Iterator[str]:
    """Evidence that was sealed once and is judged again has to be what it was."""
    if any((evidence.directory / name).exists() for name in (*DERIVED, "manifest.json")):
        if not sealed(evidence.directory):
            yield say("manifest.json is missing or cannot be read: nothing says what the files were when the run ended")
        differences = verify_manifest(evidence.directory)
        yield from (sentence for sentence in differences if not sentence.startswith((*DERIVED, "manifest.json")))


def _sources(evidence: Evidence, recording: Recording) -> Iterator[str]:
    for name in recording.canaries:
        source = evidence.sources.get(f"canary:{name}")
        told = say("canary “{name}”", name=name)
        yield from _silence(evidence, source, told, open_loop=True)
        yield from _never_well(evidence, source, told)
        if source and len(source.files) > 1:
            several = N_("the {source} left {files} files of samples: it runs in one process, so some are another's")
            yield say(several, source=told, files=len(source.files))
    if recording.load:
        yield from _silence(evidence, evidence.sources.get("load"), say("load"), open_loop=False)
        yield from _never_well(evidence, evidence.sources.get("load"), say("load"))
        yield from _workers(evidence, recording.workers)
    if recording.canaries:
        yield from _users_never_back(evidence, evidence.sources.get(f"canary:{recording.canaries[0]}"))


def _never_well(evidence: Evidence, source: Source | None, told: str) -> Iterator[str]:
    """Who asks at the wrong place gets quick errors all the time, and sees no fault make anything worse."""
    asked = [fault.asked_ns for fault in evidence.faults if fault.asked_ns is not None]
    if source is None or not len(source.table) or not asked:
        return
    if not (good(source.table) & (done_ns(source.table) < min(asked))).any():
        why = N_("the {source} had no good answer before the fault: it cannot show what the fault changed")
        yield say(why, source=told)


def _workers(evidence: Evidence, expected: int) -> Iterator[str]:
    """Each process of the load has to have come, to have ended in order, and to say how it fared."""
    source = evidence.sources.get("load")
    files = source.files if source else ()
    if source and len(files) != expected:
        told = N_("the load was to run in {expected} processes, and {there} left samples")
        yield say(told, expected=expected, there=len(files))
    for file in files:
        about = file.about or {}
        if not len(file.table):
            yield say("{file} is empty: its process made no request", file=file.path.name)
        if not isinstance(about.get("samples"), int) or about.get("failed"):
            yield say("{file} was cut off: its writer did not end in order", file=file.path.name)
        if "arrivals" in about:
            yield from _omitted(evidence, file)
        if not _pulsed(evidence, file):
            yield say("nothing says whether the writer of {file} kept up with its load", file=file.path.name)


def _pulsed(evidence: Evidence, file: SampleFile) -> bool:
    """Whether it said how it fared all the time that it sent: once a second, and never so late as to be silent."""
    at = [pulse.at_ns for pulse in evidence.pulses.get(file.path.stem, ())]
    if not at or not len(file.table):
        return bool(at)
    sent = sent_ns(file.table)
    times = np.sort(np.asarray([int(sent.min()), int(sent.max()), *at]))
    return float(np.diff(times).max()) / 1e9 <= LOAD_QUIET_S


def _omitted(evidence: Evidence, file: SampleFile) -> Iterator[str]:
    """In open loop each journey that was due has its sample, due to the nanosecond when the schedule says."""
    about, end = file.about or {}, evidence.run.get("load_ended_ns")
    stages, known = read_stages(about.get("arrivals")), [about.get("begin_ns"), end, *items(about.get("share"))]
    numbers = [one for one in known if isinstance(one, int)]
    if stages is None or len(numbers) != len(known) or len(known) != 4:  # noqa: PLR2004 - beginning, end, index, of
        yield say("nothing says which requests had to be in {file}", file=file.path.name)
        return
    due = all_due_ns(stages, numbers[0], (numbers[2], numbers[3]), numbers[1])
    missing = np.setdiff1d(due, file.table["due_ns"].astype(np.int64))
    if missing.size:
        told = N_("{missing} of {due} journeys that were due are not in {file}: who came then was not counted")
        yield say(told, missing=int(missing.size), due=len(due), file=file.path.name)


def _silence(evidence: Evidence, source: Source | None, told: str, *, open_loop: bool) -> Iterator[str]:
    """The times at which it was heard have to cover the method; of a run that was cut off, what came before that."""
    if source is None or not len(source.table):
        yield say("the {source} was configured, and left no samples", source=told)
        return
    if open_loop and source.rate is None:
        yield say("the rate of the {source} is not known: nothing says how often it was to be heard", source=told)
    span = span_ns(evidence)
    if span is None:
        yield say("the journal does not say when the method ran: the {source} may not have covered it", source=told)
        return
    end = evidence.run.get("load_ended_ns")
    until = min(span[1], end) if isinstance(end, int) and evidence.run.get("interrupted") else span[1]
    heard = sent_ns(source.table)  # one that was asleep sends later what was due: it did not look meanwhile
    allowed_s = max(QUIET_S, 10 / source.rate if source.rate else 0)
    if not open_loop:
        allowed_s = max(LOAD_QUIET_S, allowed_s)
        heard = np.concatenate([heard, done_ns(source.table)])  # one who waits for an answer is there
    times = np.concatenate([[span[0], max(until, heard.max())], heard])
    del heard  # an hour of them is 30 MB
    times.sort()
    quiet_s = float(np.diff(times).max()) / 1e9
    if quiet_s > allowed_s:
        hole = N_("the {source} was silent for {quiet:.1f} s: over {allowed:.1f} s is a hole in the evidence")
        yield say(hole, source=told, quiet=quiet_s, allowed=allowed_s)


def _users_never_back(evidence: Evidence, source: Source | None) -> Iterator[str]:
    asked = [fault.asked_ns for fault in evidence.faults if fault.asked_ns is not None]
    if source is None or not len(source.table) or not asked:
        return
    sent = sent_ns(source.table)
    deaths = [died.at_ns for fault in evidence.faults if (died := died_event(evidence, fault, FOREVER))]
    deaths += [over for fault in evidence.faults if fault.kind in LASTING and (over := ended_ns(evidence, fault))]
    if int(sent[0]) > min(asked):
        yield say("the recording of {source} began only after the fault", source=source.name)
    if not (good(source.table) & (sent > max(asked + deaths))).any():
        yield say("the recording of {source} ended before a user had a good answer again", source=source.name)


def _breakers(evidence: Evidence, recording: Recording) -> Iterator[str]:
    read = {transition.source for transition in evidence.transitions}
    for url in recording.breakers:
        if url not in read:
            yield say("breakers at {url} were configured, and never read", url=url)
        elif url in evidence.unread_breakers:
            yield say("breakers at {url} could not be read at the end: what they did meanwhile is not known", url=url)
    for breaker in sorted({transition.breaker for transition in evidence.transitions}):
        try:
            transitions_of(evidence, breaker)
        except MissingEvidence as missing:
            yield said(missing)


def _orders(evidence: Evidence, recording: Recording) -> Iterator[str]:
    if recording.orders:
        try:
            lost_orders(evidence)
        except MissingEvidence as missing:
            yield said(missing)
