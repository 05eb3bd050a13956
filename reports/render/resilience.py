"""What the fault cost the users, and what the circuit breakers did: plain rows for the report."""

from dataclasses import dataclass
from typing import Any

from reports.evidence.reader import Evidence
from reports.evidence.tables import sent_ns
from reports.figures.availability import SLOW_MS, fault_windows
from reports.figures.missing import MissingEvidence
from reports.figures.phases import open_phases
from reports.figures.sources import from_source
from reports.render.formats import count, milliseconds, percent, seconds
from reports.render.tables import figure
from reports.verdict.journal import activities
from reports.words import say

__all__ = ["Guard", "costs", "guards"]

Fact = tuple[str, str]
"""Label and value."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one breaker that opened was seen to do."""

    name: str
    facts: tuple[Fact, ...]


def costs(evidence: Evidence) -> list[Fact]:
    """What the faults cost the users; empty where there was no fault, or nobody was recorded."""
    services = list(dict.fromkeys(fault.service for fault in evidence.faults))
    availability = figure(evidence, "availability")
    if not services or availability is None:
        return []
    found = [(say("availability of the whole run"), percent(availability))]
    for service in services[:3]:
        during = figure(evidence, "availability_in_fault", service=service)
        told = say("availability while {service} was broken, {time}", service=service, time=_lengths(evidence, service))
        if during is not None:
            found.append((told, percent(during)))
    limit = say("answers later than {limit}", limit=seconds(SLOW_MS / 1e3))
    for label, value in (
        (say("downtime as users felt it"), _seconds(figure(evidence, "downtime_seconds"))),
        (say("longest gap without an answer"), _seconds(figure(evidence, "longest_gap_seconds"))),
        (limit, _count(figure(evidence, "slow_requests"))),
    ):
        found.append((label, value))
    return [*found, *_budgets(evidence)]


def _budgets(evidence: Evidence) -> list[Fact]:
    """One row for each objective that the experiment states."""
    claimed = [one.arguments for one in activities(evidence.journal.get("run")) if one.func == "error_budget_spent"]
    rows = []
    for arguments in claimed:
        objective = arguments.get("objective")
        if isinstance(objective, float):
            spent = figure(evidence, "error_budget_spent", **arguments)
            label = say("error budget spent, with {objective} promised", objective=percent(objective))
            rows.append((label, percent(spent)))
    return rows


def _lengths(evidence: Evidence, service: str) -> str:
    try:
        windows = fault_windows(evidence, service)
    except MissingEvidence:
        return ""
    return seconds(sum(end - begin for begin, end in windows) / 1e9)


def guards(evidence: Evidence) -> list[Guard]:
    """Each breaker that opened, with what was seen of it."""
    names = sorted({move.breaker for move in evidence.transitions if move.after == "open"})
    return [Guard(name, tuple(_facts(evidence, name))) for name in names]


def _facts(evidence: Evidence, name: str) -> list[Fact]:
    calls, configured = _claimed(evidence, name)
    return [
        (say("times that it opened"), _count(figure(evidence, "breaker_opened", breaker=name))),
        (say("failed calls that opened it"), _count(figure(evidence, "failures_before_open", **calls, **configured))),
        (say("requests of users while it was open"), _count(_asked(evidence, name))),
        (say("calls to the service behind it meanwhile"), _count(figure(evidence, "calls_while_open", **calls))),
        (say("trial calls while it was half-open"), _count(figure(evidence, "trial_calls", **calls))),
        (say("closed by a good trial, and by nothing else"), _yes(figure(evidence, "closes_after_success", **calls))),
        (say("95 of 100 fallbacks within"), _milliseconds(figure(evidence, "open_p95_ms", breaker=name))),
        (say("fallbacks without the mark of one"), _count(figure(evidence, "unmarked_fallbacks", breaker=name))),
    ]


def _claimed(evidence: Evidence, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the experiment says of a breaker: the name of its upstream, and how many failures open it."""
    claimed: dict[str, Any] = {}
    for one in activities(evidence.journal.get("run")):
        if one.arguments.get("breaker") == name:
            claimed |= one.arguments
    calls = {key: claimed[key] for key in ("breaker", "upstream") if isinstance(claimed.get(key), str)}
    configured = claimed.get("configured")
    return {"breaker": name, **calls}, {"configured": configured} if isinstance(configured, int) else {}


def _asked(evidence: Evidence, name: str) -> int | None:
    try:
        sent = sent_ns(from_source(evidence).table)
        phases = open_phases(evidence, name)
    except MissingEvidence:
        return None
    return sum(int(((sent > phase.begin_ns) & (sent < phase.end_ns)).sum()) for phase in phases)


def _count(value: int | None) -> str:
    return say("not known") if value is None else count(value)


def _seconds(value: float | None) -> str:
    return say("not known") if value is None else seconds(value)


def _milliseconds(value: float | None) -> str:
    return say("not known") if value is None else milliseconds(value)


def _yes(value: bool | None) -> str:
    return say("not known") if value is None else say("yes") if value else say("no")
