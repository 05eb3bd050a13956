"""Did the circuit breaker do its work: judged by the calls that were really made, not by what it says of itself.

Two records meet here, by one process and one clock: the breaker's transitions, and the calls as the service's HTTP
client, which knows of no breaker, counted them.
"""

from collections.abc import Iterator

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.tables import Table, done_ns, good, sent_ns
from reports.figures.missing import MissingEvidence
from reports.figures.phases import (
    Phase,
    calls_of,
    decided_calls,
    failed_calls,
    never_opened,
    open_phases,
    phases_of,
)
from reports.figures.sources import ALL, from_source, users_canary
from reports.words import say

__all__ = [
    "calls_while_open",
    "closes_after_success",
    "failures_before_open",
    "open_p95_ms",
    "trial_calls",
    "unmarked_fallbacks",
]


def failures_before_open(evidence: Evidence, breaker: str, configured: int = 3, upstream: str = "") -> int:
    """Consecutive failed calls after which the breaker opened; of several, the count farthest from `configured`.

    A row of more failures without an opening counts too: so a breaker that does not open shows how many it let pass.
    Raises MissingEvidence where it neither opened nor should have.
    """
    calls = decided_calls(calls_of(evidence, breaker, upstream))
    found = [count for phase in phases_of(evidence, breaker) for count in _rows(calls, phase, configured)]
    if not found:
        raise never_opened(breaker)
    return max(found, key=lambda count: abs(count - configured))


def _rows(calls: Table, phase: Phase, configured: int) -> Iterator[int]:
    """Lengths of the rows of failures in a phase that let calls through: the last one opened it, or should have."""
    if phase.state in {"open", "half-open"}:
        return
    mine = calls[(calls["due_ns"].astype(np.int64) >= phase.begin_ns) & (done_ns(calls) <= phase.end_ns)]
    bad = failed_calls(mine[np.argsort(done_ns(mine), kind="stable")])
    ends = np.flatnonzero(~bad)
    rows = np.diff(np.concatenate([[-1], ends, [len(bad)]])) - 1
    if phase.then == "open":
        yield int(rows[-1])
        rows = rows[:-1]
    longest = int(rows.max(initial=0))
    if longest >= configured:
        yield max(longest, configured + 1)  # as many as it takes, and it stayed closed


def calls_while_open(evidence: Evidence, breaker: str, upstream: str = "") -> int:
    """Calls that were begun while the breaker was open: of one that holds, none.

    Raises MissingEvidence where it never opened, or no user asked for anything meanwhile: then it held nothing back.
    """
    phases = open_phases(evidence, breaker)
    calls = calls_of(evidence, breaker, upstream)["due_ns"].astype(np.int64)
    asked = sent_ns(from_source(evidence).table)
    if not any(((asked > phase.begin_ns) & (asked < phase.end_ns)).any() for phase in phases):
        raise MissingEvidence(say("no user asked for anything while breaker {breaker!r} was open", breaker=breaker))
    return sum(int(((calls > phase.begin_ns) & (calls < phase.end_ns)).sum()) for phase in phases)


def trial_calls(evidence: Evidence, breaker: str, upstream: str = "") -> int:
    """Calls that were begun while the breaker was half-open; of several times, the count farthest from one.

    Raises MissingEvidence where it was never half-open.
    """
    calls = calls_of(evidence, breaker, upstream)["due_ns"].astype(np.int64)
    phases = [phase for phase in phases_of(evidence, breaker) if phase.state == "half-open"]
    made = [int(((calls >= phase.begin_ns) & (calls <= phase.end_ns)).sum()) for phase in phases]
    made = [count for count, phase in zip(made, phases, strict=True) if count or phase.then is not None]
    if not made:
        raise MissingEvidence(say("breaker {breaker!r} was never half-open: no trial call was seen", breaker=breaker))
    return max(made, key=lambda count: abs(count - 1))


def closes_after_success(evidence: Evidence, breaker: str, upstream: str = "") -> bool:
    """Whether each trial decided: a good one closed the breaker, a failed one opened it again, and it closed at last.

    Raises MissingEvidence where it never opened.
    """
    phases = phases_of(evidence, breaker)
    if not any(phase.state == "open" for phase in phases):
        raise never_opened(breaker)
    calls = decided_calls(calls_of(evidence, breaker, upstream))
    trials = [phase for phase in phases if phase.state == "half-open" and phase.then is not None]
    return phases[-1].state == "closed" and bool(trials) and all(_decided(calls, phase) for phase in trials)


def _decided(calls: Table, phase: Phase) -> bool:
    done = done_ns(calls)
    mine = np.flatnonzero((calls["due_ns"].astype(np.int64) >= phase.begin_ns) & (done <= phase.end_ns))
    if not mine.size:
        return False
    last = calls[mine[np.argmax(done[mine])]]
    return phase.then == ("open" if failed_calls(last.reshape(1))[0] else "closed")


def open_p95_ms(evidence: Evidence, breaker: str, source: str = ALL) -> float:
    """95th percentile in ms of the users' requests that were sent while the breaker was open, and not answered well.

    Those are the fallback's, and what failed in its stead. Raises MissingEvidence where there are none.
    """
    table = from_source(evidence, source).table
    sent = sent_ns(table)
    rows = np.zeros(len(table), bool)
    for phase in open_phases(evidence, breaker):
        rows |= (sent > phase.begin_ns) & (sent < phase.end_ns)
    rows &= ~good(table)
    if not rows.any():
        raise MissingEvidence(say("no fallback was served while breaker {breaker!r} was open", breaker=breaker))
    return float(np.percentile(table["latency_us"][rows], 95, method="inverted_cdf")) / 1e3


def unmarked_fallbacks(evidence: Evidence, breaker: str, canary: str = "") -> int:
    """Answers without the mark of a fallback that a canary got wholly while the breaker was open.

    The canary, by default the users' own, has to ask for what cannot be had without the upstream. Raises
    MissingEvidence where it asked for nothing meanwhile.
    """
    table = users_canary(evidence, canary).table
    sent, done = sent_ns(table), done_ns(table)
    within = np.zeros(len(table), bool)
    for phase in open_phases(evidence, breaker):
        within |= (sent > phase.begin_ns) & (done < phase.end_ns)
    if not within.any():
        raise MissingEvidence(say("no user asked for anything while breaker {breaker!r} was open", breaker=breaker))
    return int((within & good(table)).sum())
