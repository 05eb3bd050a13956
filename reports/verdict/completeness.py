"""Is everything there that was to be recorded, and did every activity run that was declared."""

from collections.abc import Iterator

import numpy as np

from reports.evidence.manifest import DERIVED, sealed, verify_manifest
from reports.evidence.reader import Evidence, Recording
from reports.evidence.tables import Source, done_ns, good
from reports.figures import MissingEvidence
from reports.figures.orders import lost_orders
from reports.figures.windows import transitions_of
from reports.verdict.journal import activities, declared, hypothesis_probes, items, mapping, span_ns

__all__ = ["not_done", "not_recorded"]

QUIET_S = 1.0
"""A canary may be silent this long, or ten of its intervals, whichever is longer."""
LOAD_QUIET_S = 5.0
"""Users think between two requests; a load that is silent longer was not there."""


def not_done(evidence: Evidence) -> Iterator[str]:
    """A sentence for each thing that was declared and did not happen, or did not succeed."""
    journal = evidence.journal
    for key, phase in (("run", "method"), ("rollbacks", "rollbacks")):
        expected, ran = declared(evidence, phase), activities(journal.get(key))
        if len(ran) < len(expected):
            yield f"only {len(ran)} of {len(expected)} activities of the {phase} ran"
        for activity in ran:
            if not activity.succeeded and not activity.claim_unmet:
                kind = "probe" if activity.is_probe else "action"
                error = activity.error or f"status {activity.entry.get('status')!r}"
                yield f"the {kind} “{activity.name}” in the {phase} did not succeed: {error}"
    if journal.get("status") != "completed":
        yield f"the experiment did not run to its end: the journal's status is {journal.get('status')!r}"
    states = mapping(journal.get("steady_states"))
    yield from _hypothesis(evidence, mapping(states.get("after")), "after")
    for state in items(states.get("during")):
        yield from _hypothesis(evidence, mapping(state), "during")


def _hypothesis(evidence: Evidence, state: dict[str, object], when: str) -> Iterator[str]:
    met, probes = state.get("steady_state_met"), activities(state.get("probes"))
    if not isinstance(met, bool):
        yield f"the journal does not say whether the steady-state hypothesis was met {when} the method"
    elif met and len(probes) < len(hypothesis_probes(evidence)):
        expected = len(hypothesis_probes(evidence))
        yield f"only {len(probes)} of {expected} probes of the steady-state hypothesis ran {when} the method"
    elif not met and all(one.succeeded and one.entry.get("tolerance_met") is True for one in probes):
        yield f"the journal says that the steady-state hypothesis was not met {when} the method, but not why"


def not_recorded(evidence: Evidence) -> Iterator[str]:
    """A sentence for each thing that is missing in the evidence, or does not fit together."""
    for name in ("run", "experiment", "system"):
        if not getattr(evidence, name):
            yield f"{name}.json is missing or cannot be read"
    if evidence.run and evidence.run.get("format") != 1:
        yield f"run.json has format {evidence.run.get('format')!r}; only format 1 is understood"
    if not isinstance(evidence.run.get("ended_ns"), int):
        yield "run.json has no end: the recording was cut off"
    yield from (f"evidence is incomplete: {p.what}{f' ({p.detail})' if p.detail else ''}" for p in evidence.problems)
    yield from (f"evidence is damaged: {sentence}" for sentence in evidence.damage)
    yield from _unsealed(evidence)
    if evidence.recording is None:
        yield "run.json does not say what was to be recorded"
    else:
        yield from _sources(evidence, evidence.recording)
        yield from _breakers(evidence, evidence.recording)
        yield from _orders(evidence, evidence.recording)
        if evidence.recording.traces and not evidence.spans:
            yield "traces were configured, and no span came: was the stack brought up without an endpoint for them?"


def _unsealed(evidence: Evidence) -> Iterator[str]:
    """Evidence that was sealed once and is judged again has to be what it was."""
    if (evidence.directory / "manifest.json").exists():
        if not sealed(evidence.directory):
            yield "manifest.json cannot be read: nothing says what the files were when the run ended"
        differences = verify_manifest(evidence.directory)
        yield from (sentence for sentence in differences if not sentence.startswith((*DERIVED, "manifest.json")))


def _sources(evidence: Evidence, recording: Recording) -> Iterator[str]:
    for name in recording.canaries:
        source = evidence.sources.get(f"canary:{name}")
        yield from _silence(evidence, source, f"canary “{name}”", open_loop=True)
    if recording.load:
        yield from _silence(evidence, evidence.sources.get("load"), "load", open_loop=False)
    if recording.canaries:
        yield from _users_never_back(evidence, evidence.sources.get(f"canary:{recording.canaries[0]}"))


def _silence(evidence: Evidence, source: Source | None, told: str, *, open_loop: bool) -> Iterator[str]:
    """The times at which it was heard have to cover the method, or as much of it as the load ran."""
    if source is None or not len(source.table):
        yield f"the {told} was configured, and left no samples"
        return
    if open_loop and source.rate is None:
        yield f"the rate of the {told} is not known: nothing says how often it was to be heard"
    span = span_ns(evidence)
    if span is None:
        yield f"the journal does not say when the method ran: the {told} may not have covered it"
        return
    end = evidence.run.get("load_ended_ns")
    until = min(span[1], end) if isinstance(end, int) else span[1]
    heard = source.table["due_ns"].astype(np.int64)
    allowed_s = max(QUIET_S, 10 / source.rate if source.rate else 0)
    if not open_loop:
        allowed_s = LOAD_QUIET_S
        heard = np.concatenate([heard, done_ns(source.table)])  # one who waits for an answer is there
    times = np.concatenate([[span[0], max(until, heard.max())], heard])
    quiet_s = float(np.diff(np.sort(times)).max()) / 1e9
    if quiet_s > allowed_s:
        yield f"the {told} was silent for {quiet_s:.1f} s: over {allowed_s:.1f} s is a hole in the evidence"


def _users_never_back(evidence: Evidence, source: Source | None) -> Iterator[str]:
    asked = [fault.asked_ns for fault in evidence.faults if fault.asked_ns is not None]
    if source is None or not len(source.table) or not asked:
        return
    due = source.table["due_ns"].astype(np.int64)
    if int(due[0]) > min(asked):
        yield f"the recording of {source.name} began only after the fault"
    if not (good(source.table) & (due > max(asked))).any():
        yield f"the recording of {source.name} ended before a user had a good answer again"


def _breakers(evidence: Evidence, recording: Recording) -> Iterator[str]:
    read = {transition.source for transition in evidence.transitions}
    yield from (f"breakers at {url} were configured, and never read" for url in recording.breakers if url not in read)
    for breaker in sorted({transition.breaker for transition in evidence.transitions}):
        try:
            transitions_of(evidence, breaker)
        except MissingEvidence as missing:
            yield str(missing)


def _orders(evidence: Evidence, recording: Recording) -> Iterator[str]:
    if recording.orders:
        try:
            lost_orders(evidence)
        except MissingEvidence as missing:
            yield str(missing)
