"""Proof that a fault happened, from the target alone: what the injector says of itself is no evidence.

Docker's semantics behind the rule for a crash: `docker kill` and `docker stop` report a `kill` event and make
the restart policy stand still; a process that dies by itself reports `die` alone, and is restarted.
"""

from collections.abc import Callable

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault, Snapshot
from reports.figures.effects import EFFECTS, effect_receipt
from reports.figures.lasting import hang_receipt, stop_receipt
from reports.figures.proof import EFFECT_NS, Receipt, clock, named, not_later, unobserved, unproved
from reports.figures.recovery import died_event, started_event
from reports.figures.replaced import is_swarm, not_replaced, replaced_facts
from reports.figures.windows import FOREVER
from reports.words import N_, joined, say

__all__ = ["EFFECT_NS", "RECEIPTS", "Receipt", "receipt"]

BEFORE_NS = 2_000_000_000
"""A signal this long before the asking can still be what ended the process."""
LATE_NS = 500_000_000
"""An engine reports the signal after it was sent: its event can bear a later time than the death."""
SIGKILL_EXIT = 137


def receipt(evidence: Evidence, fault: Fault) -> Receipt:
    """The receipt for `fault`; one that has no rule, or was never asked for, is not proved."""
    rule = RECEIPTS.get(fault.kind)
    if rule is None:
        return unproved(fault, say("there is no rule that could prove a {kind!r}", kind=fault.kind))
    if fault.asked_ns is None:
        return unproved(fault, say("no record says when it was asked for"))
    return rule(evidence, fault)


def _crash(evidence: Evidence, fault: Fault) -> Receipt:
    told = N_(
        "{service} died by itself with exit code {code} and its restart policy started it "
        "again: the target reports a die event, no kill event with it, and one restart more"
    )
    if is_swarm(evidence):
        told = N_(
            "{service} died by itself with exit code {code}, and the swarm replaced it: the engine of its node reports "
            "a die event and no kill event with it, the manager a task that failed and a new one in its place"
        )
    broken = _broken(evidence, fault, died_event(evidence, fault, _following(evidence, fault)), {SIGKILL_EXIT})
    return _ended_and_back(evidence, fault, told, broken)


def _signal(evidence: Evidence, fault: Fault) -> Receipt:
    """It ended of the signal: what the restart policy makes of that, is for a claim to say."""
    number = fault.number or 0
    codes = {128 + number, 0} if fault.exit_code is None else {fault.exit_code}
    died = died_event(evidence, fault, _following(evidence, fault))
    missing = _broken(evidence, fault, died, codes)
    facts = (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("signal"), str(number)),
        (say("die event"), clock(died.at_ns if died else None)),
        (say("exit code"), say("not seen") if died is None or died.exit_code is None else str(died.exit_code)),
    )
    if missing or died is None:
        return unproved(fault, *missing, facts=facts)
    sentence = say(
        "{service} ended by itself with exit code {code} after signal {number}: the target reports a die event, and no "
        "kill event with it",
        service=fault.service, code=died.exit_code, number=number,
    )  # fmt: skip
    return Receipt(fault, True, True, sentence, (), facts)


def _out_of_memory(evidence: Evidence, fault: Fault) -> Receipt:
    """The kernel ended it at its limit: the target reports that memory ran out, and the death, and no signal."""
    until, asked = _following(evidence, fault), fault.asked_ns or 0
    ran_out = next(
        (e for e in evidence.events if e.kind == "oom" and e.instance == fault.instance and asked <= e.at_ns < until),
        None,
    )
    broken = _broken(evidence, fault, died_event(evidence, fault, until), {SIGKILL_EXIT}, allowed="oom")
    if ran_out is None:
        broken.append(say("the target reported no oom event after it was asked for"))
    told = N_(
        "{service} was ended by the kernel at its memory limit, and its restart policy started it again: the target "
        "reports an oom event, a die event with exit code {code}, and one restart more"
    )
    if is_swarm(evidence):
        told = N_(
            "{service} was ended by the kernel at its memory limit, and the swarm replaced it: the engine of its node "
            "reports an oom event and a die event with exit code {code}, the manager a task that failed and a new one "
            "in its place"
        )
    return _ended_and_back(evidence, fault, told, broken, (say("oom event"), clock(ran_out.at_ns if ran_out else None)))


def _ended_and_back(
    evidence: Evidence, fault: Fault, told: str, broken: list[str], *more: tuple[str, str]
) -> Receipt:  # fmt: skip
    """Of a fault that ends the process: `broken` is what is missing of the end; it must be back, too."""
    until = _following(evidence, fault)
    died, started = died_event(evidence, fault, until), started_event(evidence, fault, until)
    before, after = _snapshots(evidence, fault, died, started, until)
    back, facts_of = (not_replaced, replaced_facts) if is_swarm(evidence) else (_restarted, _facts)
    missing = [*broken, *back(died, started, before, after)]
    facts = (*more, *facts_of(fault, died, started, before, after))
    if missing:
        return unproved(fault, *missing, broken=not broken, facts=facts)
    return Receipt(fault, True, True, say(told, service=fault.service, code=SIGKILL_EXIT), (), facts)


def _following(evidence: Evidence, fault: Fault) -> int:
    """When the next fault of the same instance was asked for."""
    asked = fault.asked_ns or 0
    later = (f.asked_ns for f in evidence.faults if f.instance == fault.instance and (f.asked_ns or 0) > asked)
    return min((at for at in later if at is not None), default=FOREVER)


def _broken(evidence: Evidence, fault: Fault, died: Event | None, codes: set[int], allowed: str = "") -> list[str]:
    """What is missing to say that the process died by itself, and of this fault."""
    asked = fault.asked_ns or 0
    if died is None:
        instance = fault.instance or say("the instance")
        return [say("the target reported no die event of {instance} after it was asked for", instance=instance)]
    between = [
        event.kind
        for event in evidence.events
        if event.instance == fault.instance and asked - BEFORE_NS <= event.at_ns <= died.at_ns + LATE_NS
    ]
    missing: list[str] = []
    if "kill" in between or "stop" in between:
        kind = "kill" if "kill" in between else "stop"
        told = N_("the target reported a {kind} event with the death: an operator's {kind}, not a crash")
        missing.append(say(told, kind=kind))
    if "oom" in between and allowed != "oom":
        missing.append(say("the target reported that memory ran out: the process died of that"))
    if died.at_ns - asked > EFFECT_NS:
        told = N_("it died {seconds:.1f} s after it was asked for: too late to be its effect")
        missing.append(say(told, seconds=(died.at_ns - asked) / 1e9))
    if died.exit_code not in codes:
        told = N_("the exit code was {code}, a {kind} leaves {expected}")
        expected = joined(map(str, sorted(codes)), " / ")
        missing.append(say(told, code=died.exit_code, kind=say(fault.kind), expected=expected))
    return missing


def _restarted(died: Event | None, started: Event | None, before: Snapshot | None, after: Snapshot | None) -> list[str]:
    """What is missing to say that the restart policy brought it back."""
    missing = unobserved(died, started, before, after)
    if before is None or after is None:
        return missing
    if after.restart_count != before.restart_count + 1:
        told = N_("the restart count went from {before} to {after}, one restart makes {expected}")
        counts = {"before": before.restart_count, "after": after.restart_count}
        missing.append(say(told, **counts, expected=before.restart_count + 1))
    return [*missing, *not_later(before, after)]


def _snapshots(
    evidence: Evidence, fault: Fault, died: Event | None, started: Event | None, until: int
) -> tuple[Snapshot | None, Snapshot | None]:
    """The last inspection before the death, and the first one after it that shows the new process."""
    own = [snapshot for snapshot in evidence.snapshots if snapshot.instance == fault.instance]
    if died is None:
        return next(reversed(own), None), None
    before = next((item for item in reversed(own) if item.at_ns < died.at_ns and item.when != "after-fault"), None)
    if started is None or before is None:
        return before, None
    after = [item for item in own if started.at_ns <= item.at_ns < until]
    changed = (item for item in after if (item.started_ns or 0) > (before.started_ns or 0))
    return before, next(changed, next(reversed(after), None))


def _facts(
    fault: Fault, died: Event | None, started: Event | None, before: Snapshot | None, after: Snapshot | None
) -> tuple[tuple[str, str], ...]:
    def count(snapshot: Snapshot | None) -> str:
        return say("not seen") if snapshot is None else str(snapshot.restart_count)

    return (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("die event"), clock(died.at_ns if died else None)),
        (say("exit code"), say("not seen") if died is None or died.exit_code is None else str(died.exit_code)),
        (say("start event"), clock(started.at_ns if started else None)),
        (say("restart count"), joined((count(before), count(after)), " → ")),
        (say("started at, before"), clock(before.started_ns if before else None)),
        (say("started at, after"), clock(after.started_ns if after else None)),
    )


RECEIPTS: dict[str, Callable[[Evidence, Fault], Receipt]] = {
    "crash": _crash,
    "hang": hang_receipt,
    "out_of_memory": _out_of_memory,
    "signal": _signal,
    "stop": stop_receipt,
    **dict.fromkeys(EFFECTS, effect_receipt),
}
"""What proves a fault, by its kind."""
