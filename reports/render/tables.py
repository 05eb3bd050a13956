"""What the tables of the report show, as plain rows."""

from dataclasses import dataclass
from typing import Any

from reports.evidence.manifest import raw_hashes
from reports.evidence.reader import Evidence
from reports.evidence.tables import failed
from reports.figures import FIGURES, MissingEvidence
from reports.figures.lasting import LASTING
from reports.figures.sources import ALL
from reports.render.formats import count, percent
from reports.verdict.journal import activities, items, mapping
from reports.verdict.model import Verdict
from reports.words import N_, say

__all__ = ["Audience", "audiences", "figure", "hashes", "recovery_claim", "services", "tiles"]


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
    instead: str = ""
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
        return say("all users")
    kind, _, target = name.partition(":")
    if kind == "canary":
        return say("canary “{name}”", name=target)
    return say("load") if kind == "load" else name


def _seen(evidence: Evidence, source: str) -> dict[str, Any]:
    names = ("answers", "good_answers", "degraded_answers", "failed_requests", "availability")
    latencies = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_max_ms")
    seen = {name: figure(evidence, name, source=source) for name in (*names, *latencies)}
    canary = source.removeprefix("canary:")
    felt = source != canary and seen["answers"]
    seen["gap"] = figure(evidence, "longest_gap_seconds", canary=canary) if felt else None
    found = evidence.sources.get(source)
    seen["down"] = None
    if found is not None and found.rate and source != canary:  # a load's rate may change
        seen["down"] = int(failed(found.table).sum()) / found.rate
    return seen


def tiles(evidence: Evidence, verdict: Verdict) -> list[Tile]:
    """The numbers behind the verdict; those that nobody claimed have no limit."""
    total, share = figure(evidence, "answers"), figure(evidence, "degraded_answers")
    of_all = say("{share} of all", share=percent(share / total)) if total and share is not None else ""
    wanted = [
        ("failed_requests", say("failed requests"), "count", say("of {total}", total=count(total)) if total else ""),
        ("degraded_answers", say("degraded answers"), "count", of_all),
        ("latency_p95_ms", say("95 of 100 answers within"), "milliseconds", ""),
        ("lost_orders", say("acknowledged orders lost"), "count", _acknowledged(evidence)),
    ]
    found = [_tile(evidence, verdict, *one) for one in wanted]
    for fault in evidence.faults[:1]:
        claimed = recovery_claim(evidence, verdict)
        direct = evidence.recording is not None and evidence.recording.canaries[:1] == (fault.service,)
        direct = direct if claimed is None else claimed.direct
        label = N_("until {service} answered again") if direct else N_("until {service} was back for users")
        if fault.kind in LASTING:
            label = N_("from the end of the fault until {service} was back for users")
        found.insert(
            0,
            _tile(
                evidence,
                verdict,
                "recovery_seconds",
                say(label, service=fault.service),
                "seconds",
                service=fault.service,
            ),
        )
    return [tile for tile in found if tile is not None]


@dataclass(frozen=True, slots=True)
class RecoveryClaim:
    """What the experiment claims about recovery, as computed again."""

    value: float | None
    direct: bool
    """Whether it looks at the broken service itself, not at what users got."""


def recovery_claim(evidence: Evidence, verdict: Verdict) -> RecoveryClaim | None:
    """The first claim about recovery; None where the experiment makes none."""
    claim = next((one for one in verdict.claims if one.figure == "recovery_seconds"), None)
    probes = (one for one in activities(evidence.journal.get("run")) if one.func == "recovery_seconds")
    probe = next(probes, None)
    if claim is None or probe is None:
        return None
    first = evidence.recording.canaries[:1] if evidence.recording else ()
    canary = probe.arguments.get("canary") or "".join(first)
    return RecoveryClaim(claim.value, direct=canary == probe.arguments.get("service"))


def _tile(  # noqa: PLR0913, PLR0917 - the columns of the table above
    evidence: Evidence, verdict: Verdict, name: str, label: str, unit: str, note: str = "", **arguments: str
) -> Tile | None:
    claims = [one for one in verdict.claims if one.figure == name]
    if claims:
        claim = max(claims, key=lambda one: (one.value is None, one.value or 0))  # the worst of several
        return Tile(
            label,
            claim.value,
            unit,
            say("claimed: {limit}", limit=claim.limit),
            str(claim.verdict),
            note,
            claim.observed,
        )
    value = figure(evidence, name, **arguments)
    return None if value is None else Tile(label, value, unit, "", "", note)


def _acknowledged(evidence: Evidence) -> str:
    orders = figure(evidence, "acknowledged_orders")
    return "" if orders is None else say("of {total}", total=count(orders))


def services(evidence: Evidence) -> list[dict[str, Any]]:
    """The services as declared."""
    return [mapping(service) for service in items(evidence.system.get("services"))]


def hashes(evidence: Evidence) -> list[tuple[str, str]]:
    """The files of the evidence, with their SHA-256."""
    return sorted(raw_hashes(evidence.directory).items())
