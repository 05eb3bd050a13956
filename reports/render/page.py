"""The whole report as one page. Everything that comes from the evidence is taken for hostile and escaped."""

from typing import Any

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.evidence.tables import done_ns
from reports.figures.observer import waited_ns
from reports.render import tables
from reports.render.branding import Branding
from reports.render.frame import FaultSpan, Frame, fault_spans_of
from reports.render.ladder import ladder, segments
from reports.render.look import page
from reports.render.loops import together
from reports.render.names import names
from reports.render.orders import order_rows
from reports.render.resilience import costs, guards
from reports.render.restored import restoration
from reports.render.story import story
from reports.render.timeline import timeline
from reports.render.topology import topology
from reports.render.traces import waterfalls
from reports.render.untested import untested
from reports.render.zoom import zoom, zoom_span
from reports.verdict.journal import mapping
from reports.verdict.model import Outcome, Verdict
from reports.words import Language, say, speaking

__all__ = ["GUTTERS", "WIDE", "reach", "render"]

WIDE, NARROW = 1000.0, 400.0
GUTTERS = {WIDE: 118.0, NARROW: 72.0}
CLOSE_UPS = 3
"""Faults that are drawn from close by; more make a report that nobody reads."""


def render(evidence: Evidence, verdict: Verdict, lang: str | Language = "en", branding: Branding | None = None) -> str:
    """The report. Raises whatever goes wrong, UnknownLanguage first: the caller says that there is none."""
    with speaking(lang, names(evidence, lang)):
        spans = fault_spans_of(evidence)
        return page(
            "report.html.j2",
            branding or Branding(),
            verdict=verdict,
            run=_run(evidence),
            unmet=sum(claim.verdict == Outcome.FAIL for claim in verdict.claims),
            story=story(evidence, verdict, spans),
            tiles=tables.tiles(evidence, verdict),
            receipts=together(verdict.receipts),
            timeline=_charts(evidence, spans),
            spans=[_close_up(evidence, span, number) for number, span in enumerate(spans[:CLOSE_UPS])],
            more_faults=max(0, len(spans) - CLOSE_UPS),
            traces=waterfalls(evidence),
            audiences=tables.audiences(evidence),
            fallback=[claim for claim in verdict.claims if claim.figure == "fallback_held"],
            costs=costs(evidence),
            guards=guards(evidence),
            orders=order_rows(evidence),
            restored=restoration(evidence, verdict),
            system=evidence.system,
            services=tables.services(evidence),
            drawings=[drawn for width in (WIDE, NARROW) if (drawn := topology(evidence, width)) is not None],
            untested=untested(evidence),
            hashes=tables.hashes(evidence),
        )


def _run(evidence: Evidence) -> dict[str, Any]:
    run = evidence.run
    return {
        "title": evidence.experiment.get("title") or say("A run without a title"),
        "description": evidence.experiment.get("description") or "",
        "name": run.get("run") or evidence.directory.name,
        "experiment": mapping(run.get("experiment")),
        "target": mapping(run.get("target")),
        "clock": mapping(run.get("clock")),
        "versions": mapping(run.get("versions")),
        "command": run.get("command") or "",
        "started_ns": run.get("started_ns"),
        "ended_ns": run.get("ended_ns"),
    }  # fmt: skip


def _charts(evidence: Evidence, spans: tuple[FaultSpan, ...]) -> list[Markup]:
    """The timeline, wide and narrow; none where there is nothing on it."""
    seen = reach(evidence)
    if seen is None:
        return []
    zero = spans[0].asked_ns if spans else seen[0]
    frames = [Frame(f"run{int(width)}", width, GUTTERS[width], *seen, zero) for width in (WIDE, NARROW)]
    return [timeline(evidence, frame, spans) for frame in frames]


def reach(evidence: Evidence) -> tuple[int, int] | None:
    """From the first to the last that was observed of users; without them, of the target."""
    times = [
        int(at)
        for source in evidence.sources.values()
        if len(source.table)
        for at in (source.table["due_ns"].min(), done_ns(source.table).max())
    ]
    times = times or [event.at_ns for event in evidence.events] + [one.at_ns for one in evidence.snapshots]
    return (min(times), max(times)) if times and max(times) > min(times) else None


def _close_up(evidence: Evidence, span: FaultSpan, number: int) -> dict[str, Any]:
    reach = zoom_span(span)
    frames = [
        Frame(f"close{number}-{int(width)}", width, GUTTERS[width], *reach, span.asked_ns) for width in (WIDE, NARROW)
    ]
    return {
        "title": span.title,
        "steps": span.steps,
        "phases": [(name, end - begin) for name, begin, end in segments(span.steps)],
        "zoom": [zoom(evidence, frame, span) for frame in frames],
        "ladder": [ladder(f"ladder{number}-{int(width)}", width, span) for width in (WIDE, NARROW)],
        "service": span.service,
        "observer": _observer(evidence, span),
    }


def _observer(evidence: Evidence, span: FaultSpan) -> dict[str, float] | None:
    """Seconds until the service answered as seen from here, and without what the observer waited; None: not seen."""
    at = {step.key: step.at_ns for step in span.steps}
    started, answering = at.get("started"), at.get("answering")
    source = evidence.sources.get(f"canary:{span.service}")
    if started is None or answering is None or source is None:
        return None
    seen, waited = (answering - span.asked_ns) / 1e9, waited_ns(evidence, source, started, answering) / 1e9
    return {"seen": seen, "waited": waited, "without": seen - waited}
