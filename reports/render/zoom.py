"""The recovery from close by: every single canary request as a mark, the steps numbered above."""

import numpy as np
from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.evidence.tables import Table, degraded, failed
from reports.figures import MissingEvidence
from reports.figures.sources import users_canary
from reports.render.frame import FaultSpan, Frame, axis, fault_shades, panel_title, y_axis
from reports.render.lanes import LANE, breaker_lanes, draw_lanes, instance_lanes
from reports.render.readings import readings
from reports.render.svg import el, group, log_ticks, svg, text
from reports.render.timeline import bins, latency_scale
from reports.words import joined, say, translated

__all__ = ["zoom", "zoom_span"]

MARKS = 2_500
"""More cannot be told apart; failed and degraded ones are never left out."""
LONGEST_NS = 30_000_000_000
PANEL = 96.0
ABOUT = (
    say("The recovery from close by"),
    say(
        "Every canary request around the fault as a mark: a dot is a good answer, a triangle a degraded one, a cross "
        "a failure. The numbered lines are the steps of the table below."
    ),
)
KEYS = (("out-good", say("good")), ("out-degraded", say("degraded")), ("out-failed", say("failed")))


def zoom_span(span: FaultSpan) -> tuple[int, int]:
    """From a second before the fault to a second after its last step that users can feel."""
    felt = [step.at_ns for step in span.steps if step.at_ns is not None and step.key != "healthy"]
    last = max([*felt, span.asked_ns + 1_000_000_000])
    return span.asked_ns - 1_000_000_000, min(last, span.asked_ns + LONGEST_NS) + 1_000_000_000


def zoom(evidence: Evidence, frame: Frame, span: FaultSpan) -> Markup:
    """The chart for one fault."""
    y = 62.0
    parts: list[Markup] = []
    readouts: list[Markup] = []
    for title, table in _strips(evidence, span):
        parts += _marks(frame, table, y, title)
        readouts += readings(frame, table, bins(frame), (y, PANEL), title)
        y += PANEL + 30
    lanes = [
        *instance_lanes(evidence, [span.service]),
        *breaker_lanes(evidence, "" if frame.narrow else translated("breaker") + " "),
    ]
    if lanes:
        parts += panel_title(frame, y + 4, say("Service and breakers"))
        parts += draw_lanes(frame, lanes, y + 12)
        y += 22 + len(lanes) * LANE
    shades = fault_shades(frame, (span,), 22, y)
    return svg(
        frame.name,
        (frame.width, y + 24),
        ABOUT,
        [*axis(frame, y, 46), *shades, *_numbers(frame, span, y), *parts, *readouts],
        "chart",
        frame.time,
    )


def _strips(evidence: Evidence, span: FaultSpan) -> list[tuple[str, Table]]:
    """The users' canary, and the one that looks at the broken service directly."""
    found: list[tuple[str, Table]] = []
    try:
        source = users_canary(evidence)
        name = source.name.removeprefix("canary:")
        found.append((say("Users: canary “{name}”", name=name), source.table))
    except MissingEvidence:
        pass
    direct = evidence.sources.get(f"canary:{span.service}")
    if direct is not None and len(direct.table) and f"“{span.service}”" not in "".join(name for name, _ in found):
        found.append((say("The service itself: canary “{name}”", name=span.service), direct.table))
    return found


def _marks(frame: Frame, table: Table, y: float, title: str) -> list[Markup]:
    due = table["due_ns"].astype(np.int64)
    inside = table[(due >= frame.begin_ns) & (due <= frame.end_ns)]
    scale = latency_scale(inside, y + 10, y + PANEL)
    parts = panel_title(frame, y, title, () if frame.narrow else KEYS)
    parts += y_axis(frame, scale, log_ticks(scale.low, scale.high), " ms")
    bad, fallback = failed(inside), degraded(inside)
    thin = max(1, len(inside) // MARKS)
    marks = []
    for row in range(len(inside)):
        if row % thin and not bad[row] and not fallback[row]:
            continue
        x, at = frame.x(float(inside["due_ns"][row])), scale(float(inside["latency_us"][row]) / 1e3)
        marks.append(_mark(x, at, "failed" if bad[row] else "degraded" if fallback[row] else "good"))
    return [*parts, group(marks)]


def _mark(x: float, y: float, outcome: str) -> Markup:
    """Shape as well as colour: a reader may see no colours."""
    if outcome == "failed":
        return el("path", d=f"M{x - 2.6:.1f} {y - 2.6:.1f}l5.2 5.2m0-5.2l-5.2 5.2", cls="mark-failed")
    if outcome == "degraded":
        return el("path", d=f"M{x:.1f} {y - 3.2:.1f}l3 5.4h-6z", cls="mark-degraded")
    return el("circle", cx=x, cy=y, r=2.1, cls="mark-good")


def _numbers(frame: Frame, span: FaultSpan, bottom: float) -> list[Markup]:
    """A numbered badge for each step, moved apart where they crowd, each tied to its own time."""
    seen = [(n, step) for n, step in enumerate(span.steps, 1) if step.at_ns is not None and step.at_ns <= frame.end_ns]
    places: list[float] = []
    for _, step in seen:
        x = frame.x(step.at_ns or 0)
        places.append(max(x, places[-1] + 17) if places else x)
    over = max(0.0, places[-1] - frame.right + 8) if places else 0.0
    parts = []
    for (number, step), place in zip(seen, places, strict=True):
        x, at = frame.x(step.at_ns or 0), place - over
        parts.append(el("path", d=f"M{at:.1f} 42L{x:.1f} 52V{bottom:.1f}", cls="step"))
        parts.append(group([
            el("title", joined((str(number), step.name), ": ")),
            el("circle", cx=at, cy=36.0, r=7.5, cls="badge"),
            text(at, 39.6, str(number), "badge-number", "middle"),
        ]))  # fmt: skip
    return parts
