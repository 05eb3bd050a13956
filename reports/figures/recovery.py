"""Time to recovery, as the target's events and the users' answers give it."""

from collections.abc import Iterator, Sequence

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault
from reports.evidence.tables import Source, done_ns, good, sent_ns
from reports.figures.lasting import LASTING, ended_ns
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.figures.sources import users_canary
from reports.figures.windows import FOREVER, fault_spans, faults_of, transitions_of
from reports.words import N_, say

__all__ = [
    "breaker_opened",
    "died_event",
    "free_ns",
    "recovered_ns",
    "recovery_seconds",
    "settled_seconds",
    "since_ns",
    "started_event",
]


SETTLED_NS = 1_000_000_000
"""So long users have to be well until it can be said that they are: a system that flaps has good answers, too."""


def recovery_seconds(evidence: Evidence, service: str, canary: str = "", fault: str = "") -> float:
    """Seconds from the asking for a fault to the first good answer after it; the worst of several.

    Of a fault that lasts (a hang, say): from its end.

    Whose answer: that of the canary called `canary`, by default the users' own. `fault` takes those of one kind
    alone: `crash`, `crash_loop`, `hang` ...

    After it: sent after users had seen a bad or degraded answer, and after the target reported the start.
    Raises NotRecovered where that did not happen as far as the evidence reaches, and MissingEvidence.
    """
    source = users_canary(evidence, canary)
    all_spans = fault_spans(faults_of(evidence, service))
    spans = [span for span in _free(evidence, all_spans) if fault in {"", span[0].action}]
    if not spans:
        raise MissingEvidence(say("no {fault!r} of {service!r} was recorded", fault=fault, service=service))
    return max((recovered_ns(evidence, source, *span) - since_ns(evidence, *span[:2])) / 1e9 for span in spans)


def _free(evidence: Evidence, spans: Sequence[tuple[Fault, int, int]]) -> Iterator[tuple[Fault, int, int]]:
    """The spans; that of a fault that still lasted when the next one began reaches to the first one after its end."""
    for fault, asked, following in spans:
        over = ended_ns(evidence, fault) if fault.kind in LASTING else None
        if over is None or over <= following:
            yield fault, asked, following
        else:
            yield fault, asked, min((begin for _, begin, _ in spans if begin > over), default=FOREVER)


def since_ns(evidence: Evidence, fault: Fault, asked: int) -> int:
    """From when recovery counts: the end of a fault that lasts, the asking for any other."""
    over = ended_ns(evidence, fault) if fault.kind in LASTING else None
    return asked if over is None else over


def settled_seconds(evidence: Evidence, service: str) -> float:
    """Seconds from the asking for a fault to the end of the last bad or degraded answer after it; 0: none.

    Longer than `recovery_seconds` where answers in flight, or a relapse, came later. A fault before which users were
    not well again is counted from the one before it. Raises NotRecovered where the last second that was watched was
    not free of such answers, and MissingEvidence.
    """
    table = users_canary(evidence).table
    done = done_ns(table)
    bad, last = done[~good(table)], int(done.max())
    longest, begin = 0, None
    for _, asked, following in fault_spans(faults_of(evidence, service)):
        begin = asked if begin is None else begin
        until = min(following, last)
        after = bad[(bad >= begin) & (bad < following)]
        if after.size and until - int(after.max()) < SETTLED_NS:
            if following == FOREVER:
                watched = (until - begin) / 1e9
                told = N_("users still saw failed or degraded answers at the end of the {watched:.3g} s watched")
                raise NotRecovered(say(told, watched=watched), watched)
            continue
        longest = max(longest, int(after.max(initial=begin)) - begin)
        begin = None
    return longest / 1e9


def breaker_opened(evidence: Evidence, breaker: str) -> int:
    """How often the breaker tripped: from closed to open; a trial that failed is no new trip."""
    return sum(
        transition.before == "closed" and transition.after == "open" for transition in transitions_of(evidence, breaker)
    )


def died_event(evidence: Evidence, fault: Fault, following: int) -> Event | None:
    """The first death of the fault's instance after it was asked for, and before the next fault."""
    return _first(evidence, fault, "die", fault.asked_ns or 0, following)


def started_event(evidence: Evidence, fault: Fault, following: int) -> Event | None:
    """The first start of the fault's instance after its death."""
    died = died_event(evidence, fault, following)
    return None if died is None else _first(evidence, fault, "start", died.at_ns, following)


def recovered_ns(evidence: Evidence, source: Source, fault: Fault, asked: int, following: int) -> int:
    """When the first good answer after the fault was complete. Raises NotRecovered."""
    table = source.table
    done, sent, is_good = done_ns(table), sent_ns(table), good(table)
    watched = (min(int(done.max()), following) - asked) / 1e9
    began = free_ns(evidence, fault, following)
    if began is None:
        _refuse_lost_events(evidence, fault, following)
        told = N_("{service} was not reported to have started again in {watched:.3g} s")
        raise NotRecovered(say(told, service=fault.service, watched=watched), watched)
    bad = done[~is_good & (done >= asked) & (done < following)]
    noticed = int(bad.min()) if bad.size else asked
    back = done[is_good & (sent >= max(noticed, began)) & (done < following)]
    if not back.size:
        seen = say("failed or degraded answers") if bad.size else say("no good answer")
        told = N_("users saw {seen} for the {watched:.3g} s that were watched after the fault")
        raise NotRecovered(say(told, seen=seen, watched=watched), watched)
    return int(np.min(back))


def free_ns(evidence: Evidence, fault: Fault, following: int) -> int | None:
    """When it could answer again: its process had started, or the fault was over."""
    if fault.kind in LASTING:
        over = ended_ns(evidence, fault)
        if over is None:
            told = N_("nothing says that the {fault} was over: no recovery from it can be seen")
            raise MissingEvidence(say(told, fault=fault.title))
        return over
    started = started_event(evidence, fault, following)
    return None if started is None else started.at_ns


def _refuse_lost_events(evidence: Evidence, fault: Fault, following: int) -> None:
    """A start that was not reported is no proof of absence where the events are known to have holes."""
    died = died_event(evidence, fault, following)
    if died is None:
        told = N_("the target did not report that {service} died: nothing to recover from")
        raise MissingEvidence(say(told, service=fault.service))
    later = (one.started_ns or 0 for one in evidence.snapshots if one.instance == fault.instance)
    if any(died.at_ns < started < following for started in later):
        told = N_("inspection shows that {service} started again, but no event says when")
        raise MissingEvidence(say(told, service=fault.service))


def _first(evidence: Evidence, fault: Fault, kind: str, since: int, until: int) -> Event | None:
    return next(
        (
            event
            for event in evidence.events
            if event.kind == kind and event.instance == fault.instance and since <= event.at_ns < until
        ),
        None,
    )
