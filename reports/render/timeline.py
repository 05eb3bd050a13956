"""The run on one time axis: requests, latency, what the containers did, what the breakers did."""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reports.evidence.reader import Evidence
from reports.evidence.tables import Table, binned, degraded, failed, good
from reports.figures.sources import recorded_users
from reports.render.frame import FaultSpan, Frame, axis, fault_shades, panel_title, y_axis
from reports.render.lanes import LANE, breaker_lanes, draw_lanes, instance_lanes
from reports.render.readings import readings
from reports.render.svg import Scale, el, log_ticks, polyline, svg, ticks
from reports.words import N_, say

__all__ = ["bins", "latency_scale", "timeline"]

PANEL = 116.0
STEPS_S = (0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600)
OUTCOMES = {"good": N_("good"), "degraded": N_("degraded"), "failed": N_("failed")}
ABOUT = (
    say("Timeline of the run"),
    say(
        "On one time axis: users' requests a second by outcome, their latency, the state of each service, and the "
        "state of each circuit breaker. The time of the fault is shaded. The tables below give the same as numbers."
    ),
)


def timeline(evidence: Evidence, frame: Frame, spans: tuple[FaultSpan, ...]) -> Markup:
    """The whole chart; panels without data are left out."""
    parts: list[Markup] = []
    readouts: list[Markup] = []
    y = 34.0
    users = recorded_users(evidence)
    if users is not None:
        table = users.table
        edges = bins(frame)
        parts += _requests(frame, table, edges, y)
        parts += _latency(frame, table, edges, y + PANEL + 32)
        readouts = readings(frame, table, edges, (y, 2 * PANEL + 32))
        y += 2 * (PANEL + 32)
    for title, lanes, keys in (
        (
            say("Services"),
            instance_lanes(evidence),
            (("is-healthy", say("healthy")), ("is-starting", say("starting")), ("is-down", say("down"))),
        ),
        (
            say("Circuit breakers"),
            breaker_lanes(evidence),
            (("is-closed", say("closed")), ("is-half-open", say("half-open")), ("is-open", say("open"))),
        ),
    ):
        if lanes:
            parts += panel_title(frame, y + 10, title, keys)
            parts += draw_lanes(frame, lanes, y + 20)
            y += 34 + len(lanes) * LANE
    shades = fault_shades(frame, spans, 22, y)
    return svg(
        frame.name, (frame.width, y + 24), ABOUT, [*axis(frame, y, 30), *shades, *parts, *readouts], "chart", frame.time
    )


def latency_scale(table: Table, top: float, bottom: float) -> Scale:
    """Milliseconds on a logarithmic axis, from 1 to the power of ten that holds everything."""
    slowest = float(table["latency_us"].max()) / 1e3 if len(table) else 1.0
    return Scale(1, 10 ** max(2.0, float(np.ceil(np.log10(max(slowest, 1.0))))), bottom, top, log=True)


def bins(frame: Frame) -> NDArray[np.float64]:
    """Edges of the bins in nanoseconds: round widths, and never more bins than can be seen."""
    length = (frame.end_ns - frame.begin_ns) / 1e9
    most = 45 if frame.narrow else 90
    width = next((step for step in STEPS_S if length / step <= most), length / most)
    count = max(1, int(np.ceil(length / width)))
    edges = frame.begin_ns + np.arange(count + 1) * width * 1e9
    edges[-1] = max(frame.end_ns, edges[-2] + 1)
    return np.asarray(edges)


def _requests(frame: Frame, table: Table, edges: NDArray[np.float64], y: float) -> list[Markup]:
    widths = np.diff(edges) / 1e9
    outcomes = (("good", good(table)), ("degraded", degraded(table)), ("failed", failed(table)))
    rates = [np.histogram(table["due_ns"][mask].astype(float), edges)[0] / widths for _, mask in outcomes]
    most = max(float(sum(rates).max()), 1.0)  # type: ignore[union-attr]  # three arrays, never the int 0
    scale = Scale(0, most, y + PANEL, y + 12)
    keys = tuple((f"out-{name}", say(OUTCOMES[name])) for name, _ in outcomes)
    parts = panel_title(frame, y, say("Requests a second"), keys)
    parts += y_axis(frame, scale, ticks(0, most, 3))
    base = np.zeros(len(widths))
    for (name, _), rate in zip(outcomes, rates, strict=True):
        for row in np.flatnonzero(rate):
            low, high = scale(base[row]), scale(base[row] + rate[row])
            title = say("{outcome}: {rate:.0f} a second", outcome=say(OUTCOMES[name]), rate=float(rate[row]))
            parts.append(frame.span((edges[row], edges[row + 1]), (high, low - high), f"bar out-{name}", title))
        base = base + rate
    return parts


def _latency(frame: Frame, table: Table, edges: NDArray[np.float64], y: float) -> list[Markup]:
    scale = latency_scale(table, y + 12, y + PANEL)
    keys = (("lat-p50", say("median")), ("lat-p95", "p95"), ("lat-max", say("slowest")))
    parts = panel_title(frame, y, say("Latency"), keys)
    parts += y_axis(frame, scale, log_ticks(scale.low, scale.high), " ms")
    lines: dict[str, list[tuple[float, float]]] = {"lat-p50": [], "lat-p95": []}
    for row, inside in binned(table, edges):
        latency = inside["latency_us"] / 1e3
        x = (frame.x(edges[row]) + frame.x(edges[row + 1])) / 2
        for name, percent in (("lat-p50", 50), ("lat-p95", 95)):
            lines[name].append((x, scale(float(np.percentile(latency, percent, method="inverted_cdf")))))
        slowest = el("title", say("slowest: {latency:.0f} ms", latency=float(latency.max())))
        parts.append(el("circle", slowest, cx=x, cy=scale(float(latency.max())), r=1.7, cls="lat-max"))
    return [*parts, *(polyline(points, f"line {name}") for name, points in lines.items() if points)]
