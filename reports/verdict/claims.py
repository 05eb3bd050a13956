"""The claims of an experiment: its hypothesis after and during, and every tolerance in the method."""

import inspect
from collections.abc import Iterator
from typing import Any

from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered
from reports.verdict.journal import Activity, activities, mapping
from reports.verdict.model import Claim, Outcome
from reports.verdict.tolerance import is_met, resolved, runs_code, shown, told
from reports.words import joined, said, say

__all__ = ["claims"]

FIGURES_MODULES = ("probes.figures", "probes.figures_of_users", "probes.figures_of_breakers")
"""An experiment names the first; the others hold some of its functions, and are no way around the second look."""


def claims(evidence: Evidence) -> Iterator[Claim]:
    """Every claim with what came of it, in the order in which it was made."""
    states = mapping(evidence.journal.get("steady_states"))
    for phase, state in (("before", states.get("before")), ("after", states.get("after"))):
        for probe in activities(mapping(state).get("probes")):
            yield _guarded(evidence, probe, phase)
        if phase == "before":
            yield from _during(evidence, states.get("during"))
            yield from _toleranced(evidence, "run", "method")
    yield from _toleranced(evidence, "rollbacks", "rollbacks")


def _toleranced(evidence: Evidence, key: str, phase: str) -> Iterator[Claim]:
    for activity in activities(evidence.journal.get(key)):
        if activity.has_tolerance or activity.claim_unmet:
            yield _guarded(evidence, activity, phase)


def _during(evidence: Evidence, states: Any) -> Iterator[Claim]:
    """One claim a probe: unmet once is unmet."""
    judged: dict[str, list[Claim]] = {}
    for state in states if isinstance(states, list) else ():
        for probe in activities(mapping(state).get("probes")):
            judged.setdefault(probe.name, []).append(_guarded(evidence, probe, "during"))
    for found in judged.values():
        worst = min(found, key=lambda claim: _rank(claim.verdict))
        bad = sum(claim.verdict != Outcome.PASS for claim in found)
        observed = worst.observed
        if len(found) > 1:
            observed = say("{observed} ({bad} of {times} times unmet)", observed=observed, bad=bad, times=len(found))
        yield Claim(worst.name, "during", worst.verdict, observed, worst.limit, worst.sentence)


def _guarded(evidence: Evidence, activity: Activity, phase: str) -> Claim:
    """The claim; a judge that trips over it leaves it unknown."""
    try:
        return _judged(evidence, activity, phase)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not become a PASS or lose the others
        told = f"{type(error).__name__}: {error}"
        why = say("“{name}” could not be judged: {error}", name=activity.name, error=told)
        return Claim(activity.name, phase, Outcome.INCONCLUSIVE, say("unknown"), "", why)


def _judged(evidence: Evidence, activity: Activity, phase: str) -> Claim:
    limit = _limit(evidence, activity) if activity.has_tolerance else say("the probe's own")
    if not activity.succeeded:
        return _failed(activity, phase, limit)
    value = activity.entry.get("output")
    met, why = _met_then(evidence, activity, phase)
    if _is_figure(activity) and phase in {"method", "after", "rollbacks"}:
        return _again(evidence, activity, phase, (met, why))
    observed = _observed(activity.declared.get("tolerance"), value)
    return Claim(activity.name, phase, _outcome(met, phase), observed, limit, _sentence(activity, observed, limit, why))


def _failed(activity: Activity, phase: str, limit: str) -> Claim:
    """A probe that ended in an exception saw nothing, unless it says that the claim is unmet."""
    error = activity.error or say("its status is {status!r}", status=activity.entry.get("status"))
    if activity.claim_unmet:
        outcome = _outcome(False, phase)
        sentence = say("“{name}” does not hold: {error}", name=activity.name, error=error)
    else:
        outcome = Outcome.INCONCLUSIVE
        sentence = say("“{name}” could not be observed: {error}", name=activity.name, error=error)
    return Claim(activity.name, phase, outcome, shown(error), limit, sentence)


def _met_then(evidence: Evidence, activity: Activity, phase: str) -> tuple[bool | None, str]:
    """Whether the value at the time was within tolerance, and what is odd about it."""
    tolerance, value = activity.declared.get("tolerance"), activity.entry.get("output")
    if phase in {"before", "during", "after"}:
        return _met_in_hypothesis(evidence, activity)
    if runs_code(tolerance):
        start = str(activity.entry.get("start"))
        found = {c.met for c in evidence.checks if c.activity == activity.name and c.start == start}
        if len(found) != 1 or None in found:
            return None, say("its tolerance runs code, and no outcome of that was recorded")
        return found.pop(), ""
    met = is_met(evidence, tolerance, value)
    return met, "" if met is not None else say("its tolerance could not be applied")


def _met_in_hypothesis(evidence: Evidence, activity: Activity) -> tuple[bool | None, str]:
    """Chaos Toolkit judged these itself; ours has to agree."""
    theirs = activity.entry.get("tolerance_met")
    tolerance = activity.declared.get("tolerance")
    if not isinstance(theirs, bool):
        return None, say("the journal does not say whether its tolerance was met")
    if runs_code(tolerance) or resolved(evidence, tolerance) is None:
        return theirs, ""
    ours = is_met(evidence, tolerance, activity.entry.get("output"))
    if ours is not theirs:
        return None, say("judged again it does not come out as in the journal")
    return ours, ""


def _is_figure(activity: Activity) -> bool:
    return activity.module in FIGURES_MODULES and activity.func in FIGURES


def _again(evidence: Evidence, activity: Activity, phase: str, before: tuple[bool | None, str]) -> Claim:
    """A figure counts as computed at the time and again on the complete evidence: both have to hold."""
    tolerance, value, figure = activity.declared.get("tolerance"), activity.entry.get("output"), activity.func
    then, why = before
    unit, unknown = _unit(figure), say("unknown")
    limit = _measured(_limit(evidence, activity), unit)
    try:
        now: Any = FIGURES[figure](evidence, **_arguments(evidence, activity, figure))
        met = is_met(evidence, tolerance, now)
    except NotRecovered as missing:
        now, why = None, said(missing)
        unknown = say("more than {measured}", measured=_measured(say("{value:.3g}", value=missing.observed_s), unit))
        met = False if is_met(evidence, tolerance, missing.observed_s) is False else None
    except MissingEvidence as missing:
        now, met, why = None, None, said(missing)
    if runs_code(tolerance) and now is not None:
        met = then if now == value else None  # it cannot run again: what it said, it said of the value at the time
        why = why or ("" if met is not None else say("its tolerance runs code, which never saw the last value"))
    outcome = min(_outcome(then, phase), _outcome(met, phase), key=_rank)
    observed = unknown if now is None else _measured(shown(now), unit)
    if value is not None and (now is None or shown(value) != shown(now)):
        observed = say("{now} (at the time {then})", now=observed, then=_measured(shown(value), unit))
    sentence = _sentence(activity, observed, limit, why)
    return Claim(activity.name, phase, outcome, observed, limit, sentence, figure, now)


def _sentence(activity: Activity, observed: str, limit: str, why: str) -> str:
    found = say("“{name}”: observed {observed}, claimed {limit}", name=activity.name, observed=observed, limit=limit)
    return say("{sentence} ({why})", sentence=found, why=why) if why else found


def _measured(value: str, unit: str) -> str:
    return joined((value, unit), " ") if unit else value


def _observed(tolerance: Any, value: Any) -> str:
    """Of an HTTP answer the status, where the tolerance looks at nothing else."""
    if isinstance(value, dict) and "status" in value and isinstance(tolerance, int | list):
        return shown(value["status"])
    return shown(value)


def _limit(evidence: Evidence, activity: Activity) -> str:
    tolerance = activity.declared.get("tolerance")
    known = resolved(evidence, tolerance)
    return told(tolerance if known is None else known)


def _unit(figure: str) -> str:
    return {"seconds": "s", "ms": "ms"}.get(figure.rpartition("_")[2], "")


def _arguments(evidence: Evidence, activity: Activity, figure: str) -> dict[str, Any]:
    """The figure's arguments; how long the probe waited for it is none of them."""
    known = resolved(evidence, {k: v for k, v in activity.arguments.items() if k != "timeout"})
    if known is None:
        raise MissingEvidence(say("its arguments contain a variable whose value the evidence does not give"))
    inspect.signature(FIGURES[figure]).bind(evidence, **known)
    return dict(known)


def _outcome(met: bool | None, phase: str) -> Outcome:
    if met:
        return Outcome.PASS
    return Outcome.INCONCLUSIVE if met is None or phase == "before" else Outcome.FAIL


def _rank(outcome: Outcome) -> int:
    return [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS].index(outcome)
