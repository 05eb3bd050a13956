"""What the tables of the report show, as plain rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.evidence.manifest import raw_hashes
from reports.evidence.reader import Evidence
from reports.evidence.tables import failed
from reports.figures import FIGURES, MissingEvidence
from reports.figures.sources import ALL
from reports.render.formats import percent
from reports.verdict.journal import activities, items, mapping
from reports.verdict.model import Verdict

__all__ = ["Audience", "audiences", "figure", "hashes", "order_rows", "services", "tiles", "untested"]


@dataclass(frozen=True, slots=True)
class Audience:
    """What one kind of user saw."""

    label: str
    user: bool
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that a reader should see first."""

    label: str
    value: float | None
    unit: str
    """seconds, milliseconds, count or percent: the filter to show it with."""
    limit: str
    outcome: str
    note: str = ""
    instead: str = "not known"
    """What to show where there is no value."""


def figure(evidence: Evidence, name: str, **arguments: str) -> Any:
    """A figure, or None where the evidence does not give it."""
    try:
        return FIGURES[name](evidence, **arguments)
    except MissingEvidence:
        return None


def audiences(evidence: Evidence) -> list[Audience]:
    """All users together, then each source by itself."""
    canaries = evidence.recording.canaries if evidence.recording else ()
    users = {"load", *(f"canary:{name}" for name in canaries[:1])}
    together = [ALL] if len(users & evidence.sources.keys()) > 1 else []
    return [
        Audience(_label(name), name == ALL or name in users, _seen(evidence, name))
        for name in [*together, *sorted(evidence.sources, key=lambda one: (one not in users, one))]
    ]


def _label(name: str) -> str:
    if name == ALL:
        return "all users"
    kind, _, target = name.partition(":")
    return f"{kind} “{target}”" if target else kind


def _seen(evidence: Evidence, source: str) -> dict[str, Any]:
    names = ("answers", "good_answers", "degraded_answers", "failed_requests", "availability")
    latencies = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_max_ms")
    seen = {name: figure(evidence, name, source=source) for name in (*names, *latencies)}
    canary = source.removeprefix("canary:")
    felt = source != canary and seen["answers"]
    seen["gap"] = figure(evidence, "longest_gap_seconds", canary=canary) if felt else None
    found = evidence.sources.get(source)
    seen["down"] = None
    if found is not None and found.rate:
        seen["down"] = int(failed(found.table).sum()) / found.rate
    return seen


def tiles(evidence: Evidence, verdict: Verdict) -> list[Tile]:
    """The numbers behind the verdict; those that nobody claimed have no limit."""
    total, share = figure(evidence, "answers"), figure(evidence, "degraded_answers")
    of_all = f"{percent(share / total)} of all" if total and share is not None else ""
    wanted = [
        ("failed_requests", "failed requests", "count", f"of {total:,}" if total else ""),
        ("degraded_answers", "degraded answers", "count", of_all),
        ("latency_p95_ms", "95 of 100 answers within", "milliseconds", ""),
        ("lost_orders", "acknowledged orders lost", "count", _acknowledged(evidence)),
    ]
    found = [_tile(evidence, verdict, *one) for one in wanted]
    for fault in evidence.faults[:1]:
        direct = evidence.recording is not None and evidence.recording.canaries[:1] == (fault.service,)
        label = f"until {fault.service} {'answered again' if direct else 'was back for users'}"
        found.insert(0, _tile(evidence, verdict, "recovery_seconds", label, "seconds", service=fault.service))
    return [tile for tile in found if tile is not None]


def _tile(  # noqa: PLR0913, PLR0917 - the columns of the table above
    evidence: Evidence, verdict: Verdict, name: str, label: str, unit: str, note: str = "", **arguments: str
) -> Tile | None:
    claim = next((one for one in verdict.claims if one.figure == name), None)
    if claim is not None:
        return Tile(label, claim.value, unit, f"claimed: {claim.limit}", str(claim.verdict), note, claim.observed)
    value = figure(evidence, name, **arguments)
    return None if value is None else Tile(label, value, unit, "", "", note)


def _acknowledged(evidence: Evidence) -> str:
    orders = figure(evidence, "acknowledged_orders")
    return "" if orders is None else f"of {orders:,}"


def order_rows(evidence: Evidence) -> list[tuple[str, Any]]:
    """What became of the orders; empty where none were placed."""
    if not evidence.orders:
        return []
    outcomes = [order.outcome for order in evidence.orders]
    queued = sum(order.state == "queued" for order in evidence.orders)
    return [
        ("placed by the load", len(outcomes)),
        ("acknowledged", outcomes.count("acknowledged")),
        ("of these queued while a service was away", queued),
        ("refused: certainly not stored", outcomes.count("refused")),
        ("unknown: sent, not confirmed", outcomes.count("unknown")),
        ("acknowledged and lost", figure(evidence, "lost_orders")),
        ("fulfilled more than once", figure(evidence, "duplicated_orders")),
    ]


def services(evidence: Evidence) -> list[dict[str, Any]]:
    """The services as declared."""
    return [mapping(service) for service in items(evidence.system.get("services"))]


def hashes(evidence: Evidence) -> list[tuple[str, str]]:
    """The files of the evidence, with their SHA-256."""
    return sorted(raw_hashes(evidence.directory).items())


def untested(evidence: Evidence) -> list[str]:
    """What this run says nothing about."""
    rules: tuple[Callable[[Evidence], str], ...] = (_one_trial, _unbroken, _unrecorded, _unjudged)
    return [sentence for sentence in (rule(evidence) for rule in rules) if sentence]


def _one_trial(evidence: Evidence) -> str:
    many = len(evidence.faults)
    if many == 1:
        return "This was one trial: it shows that the system can recover, not how often or how evenly it does."
    return f"{many} faults were asked for in this one run." if many else ""


def _unbroken(evidence: Evidence) -> str:
    hit = {fault.service for fault in evidence.faults}
    spared = [str(one.get("name")) for one in services(evidence) if one.get("name") not in hit]
    return f"Nothing was broken in: {', '.join(spared)}." if spared and hit else ""


def _unrecorded(evidence: Evidence) -> str:
    told = evidence.recording
    if told is None:
        return "The evidence does not say what was to be recorded."
    absent = [
        name
        for name, there in (
            ("load", told.load),
            ("a canary", bool(told.canaries)),
            ("circuit breakers", bool(told.breakers)),
            ("orders", told.orders),
            ("traces", told.traces or bool(evidence.spans)),
        )
        if not there
    ]
    return f"Not recorded, because not configured: {', '.join(absent)}." if absent else ""


def _unjudged(evidence: Evidence) -> str:
    names = [
        f"“{one.name}”" for one in activities(evidence.journal.get("run")) if one.is_probe and not one.has_tolerance
    ]
    return f"Observed without a claim, so not judged: {', '.join(names)}." if names else ""
