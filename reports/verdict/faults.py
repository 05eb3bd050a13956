"""Was something broken at all, did the target come back, and is there anything that nobody can prove."""

from collections import Counter
from collections.abc import Iterator

from reports.evidence.reader import Evidence
from reports.figures import Receipt, receipt
from reports.figures.receipts import RECEIPTS
from reports.figures.recovery import started_event
from reports.figures.windows import FOREVER
from reports.verdict.journal import activities, items
from reports.verdict.model import Claim, Outcome

__all__ = ["healed", "receipts", "unproved"]


LOOP = "crash_loop"
"""The action that makes several faults, each with a receipt of its own."""


def receipts(evidence: Evidence) -> tuple[Receipt, ...]:
    """A receipt for each fault."""
    return tuple(receipt(evidence, fault) for fault in evidence.faults)


def unproved(evidence: Evidence, found: tuple[Receipt, ...]) -> Iterator[str]:
    """A sentence for each fault, and each action, whose effect is not proved."""
    if not found:
        yield "no fault was recorded: the run proves nothing about a failure"
    for one in found:
        if one.fault.failed_ns is not None:
            why = one.fault.detail or "no reason was recorded"
            yield f"the {one.fault.title} could not be injected: {why}"
        elif one.fault.injected_ns is None:
            yield f"the {one.fault.title} was never reported as injected"
        if not one.proved:
            yield one.sentence
    ran = [activity for activity in activities(evidence.journal.get("run")) if not activity.is_probe]
    for action in ran:
        if not action.module.startswith("probes."):
            yield f"the action “{action.name}” of {action.module} leaves no receipt: its effect is not proved"
    loops = {one.fault.loop for one in found if one.fault.loop}
    recorded = Counter(one.fault.kind for one in found if not one.fault.loop) + Counter({LOOP: len(loops)})
    for kind, count in Counter(a.func for a in ran if a.module.startswith("probes.")).items():
        if kind in {*RECEIPTS, LOOP} and recorded[kind] < count:
            yield f"{count} action(s) “{kind}” ran, {recorded[kind]} left a record in faults.jsonl"


def healed(evidence: Evidence, found: tuple[Receipt, ...]) -> Claim:
    """The claim that every run makes: at the end the target is as it was at the beginning."""
    name, limit = "target healed", "as at the beginning"
    differences = "; ".join(str(item) for item in items(evidence.heal.get("differences")))
    if evidence.heal.get("healed") is True and not differences:
        return Claim(name, "end", Outcome.PASS, limit, limit, "the target is as it was at the beginning")
    away = [one.fault for one in found if one.broken and _stayed_away(evidence, one)]
    if away:
        services = ", ".join(sorted({fault.service for fault in away}))
        sentence = f"{services} did not come back by itself{f': {differences}' if differences else ''}"
        return Claim(name, "end", Outcome.FAIL, differences or "did not come back", limit, sentence)
    if not isinstance(evidence.heal.get("healed"), bool):
        sentence = "heal.json is missing or cannot be read: nothing says how the target was left"
        return Claim(name, "end", Outcome.INCONCLUSIVE, "unknown", limit, sentence)
    sentence = f"the target was not healed at the end: {differences or 'no difference was recorded'}"
    return Claim(name, "end", Outcome.INCONCLUSIVE, differences or "not healed", limit, sentence)


def _stayed_away(evidence: Evidence, found: Receipt) -> bool:
    """It died of the fault, the target was found not healed, and the instance is not back."""
    if evidence.heal.get("healed") is not False:
        return False
    if started_event(evidence, found.fault, FOREVER) is None:
        return True
    own = [snapshot for snapshot in evidence.snapshots if snapshot.instance == found.fault.instance]
    return bool(own) and own[-1].when == "end" and own[-1].state != "running"
