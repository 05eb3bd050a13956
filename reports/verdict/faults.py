"""Was something broken at all, did the target come back, and is there anything that nobody can prove."""

from collections import Counter
from collections.abc import Iterator

from reports.evidence.reader import Evidence
from reports.figures import Receipt, receipt
from reports.figures.lasting import LASTING
from reports.figures.receipts import RECEIPTS
from reports.figures.recovery import started_event
from reports.figures.windows import FOREVER
from reports.verdict.journal import activities, items
from reports.verdict.model import Claim, Outcome
from reports.words import N_, say

__all__ = ["healed", "receipts", "unproved"]

LOOP = "crash_loop"
"""The action that makes several faults, each with a receipt of its own."""


def receipts(evidence: Evidence) -> tuple[Receipt, ...]:
    """A receipt for each fault."""
    return tuple(receipt(evidence, fault) for fault in evidence.faults)


def unproved(evidence: Evidence, found: tuple[Receipt, ...]) -> Iterator[str]:
    """A sentence for each fault, and each action, whose effect is not proved."""
    if not found:
        yield say("no fault was recorded: the run proves nothing about a failure")
    for one in found:
        if one.fault.failed_ns is not None:
            why = one.fault.detail or say("no reason was recorded")
            yield say("the {fault} could not be injected: {why}", fault=one.fault.title, why=why)
        elif one.fault.injected_ns is None:
            yield say("the {fault} was never reported as injected", fault=one.fault.title)
        if not one.proved:
            yield one.sentence
    yield from _no_loops(found)
    ran = [activity for activity in activities(evidence.journal.get("run")) if not activity.is_probe]
    for action in ran:
        if not action.module.startswith("probes."):
            told = N_("the action “{name}” of {module} leaves no receipt: its effect is not proved")
            yield say(told, name=action.name, module=action.module)
    loops = {one.fault.loop for one in found if one.fault.loop}
    recorded = Counter(one.fault.kind for one in found if not one.fault.loop) + Counter({LOOP: len(loops)})
    for kind, count in Counter(a.func for a in ran if a.module.startswith("probes.")).items():
        if kind in {*RECEIPTS, LOOP} and recorded[kind] < count:
            told = N_("{count} action(s) “{kind}” ran, {recorded} left a record in faults.jsonl")
            yield say(told, count=count, kind=kind, recorded=recorded[kind])


def _no_loops(found: tuple[Receipt, ...]) -> Iterator[str]:
    """A loop that crashed its service once did not do what it is called."""
    for loop, crashes in Counter(one.fault.loop for one in found).items():
        if loop and crashes < 2:  # noqa: PLR2004 - again is the second time
            service = next(one.fault.service for one in found if one.fault.loop == loop)
            yield say("the crash loop of {service} crashed it only once: that is no loop", service=service)


def healed(evidence: Evidence, found: tuple[Receipt, ...]) -> Claim:
    """The claim that every run makes: at the end the target is as it was at the beginning."""
    name, limit = say("target healed"), say("as at the beginning")
    differences = "; ".join(str(item) for item in items(evidence.heal.get("differences")))
    if evidence.heal.get("healed") is True and not differences:
        return Claim(name, "end", Outcome.PASS, limit, limit, say("the target is as it was at the beginning"))
    away = [one.fault for one in found if one.broken and _stayed_away(evidence, one)]
    if away:
        services = ", ".join(sorted({fault.service for fault in away}))
        sentence = say("{services} did not come back by itself", services=services)
        if differences:
            sentence = say("{sentence}: {differences}", sentence=sentence, differences=differences)
        return Claim(name, "end", Outcome.FAIL, differences or say("did not come back"), limit, sentence)
    if not isinstance(evidence.heal.get("healed"), bool):
        sentence = say("heal.json is missing or cannot be read: nothing says how the target was left")
        return Claim(name, "end", Outcome.INCONCLUSIVE, say("unknown"), limit, sentence)
    why = differences or say("no difference was recorded")
    sentence = say("the target was not healed at the end: {why}", why=why)
    return Claim(name, "end", Outcome.INCONCLUSIVE, differences or say("not healed"), limit, sentence)


def _stayed_away(evidence: Evidence, found: Receipt) -> bool:
    """It died of the fault, the target was found not healed, and the instance is not back."""
    if evidence.heal.get("healed") is not False:
        return False
    if found.fault.kind in LASTING:
        return found.fault.undone_ns is not None  # it was free again, and is not well
    if started_event(evidence, found.fault, FOREVER) is None:
        return True
    own = [snapshot for snapshot in evidence.snapshots if snapshot.instance == found.fault.instance]
    return bool(own) and own[-1].when == "end" and own[-1].state != "running"
