"""Exemplar traces as waterfalls: one row a span, below the one that caused it."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.evidence.records import Span
from reports.figures.traces import Exemplar, Trace, exemplars
from reports.render.formats import milliseconds
from reports.render.svg import Scale, el, svg, text, ticks

__all__ = ["waterfall", "waterfalls"]

ROW = 22.0
DEPTH = 12.0
MOST_SPANS = 24
COLOURS = 6
LETTER = 6.4
"""Width of a letter, about."""
TITLES = {
    "before": "Before the fault",
    "open": "While the circuit breaker was open",
    "recovered": "Recovered",
    "whole": "The longest way that a request went",
}


def waterfalls(evidence: Evidence) -> list[dict[str, Any]]:
    """The chosen traces with their pictures, wide and narrow; empty where none were recorded."""
    chosen = exemplars(evidence)
    # one scale for those of one kind: that a breaker answers at once is what the pictures are to show
    longest = max((one.trace.length_ns for one in chosen if one.when != "whole"), default=0)
    services = list(dict.fromkeys(name for one in chosen for name in one.trace.services))
    return [
        {
            "title": TITLES[one.when],
            "request": one.trace.root.name,
            "answered_ms": (one.trace.root.end_ns - one.trace.root.begin_ns) / 1e6,
            "whole_ms": one.trace.length_ns / 1e6,
            "services": one.trace.services,
            "id": one.trace.root.trace,
            "at_ns": one.trace.root.begin_ns,
            "said": _said(one.trace),
            "charts": [
                waterfall(
                    f"trace{n}-{width}",
                    float(width),
                    one,
                    services,
                    one.trace.length_ns if one.when == "whole" else longest,
                )
                for width in (1000, 400)
            ],
        }
        for n, one in enumerate(chosen)
    ]


def waterfall(name: str, width: float, one: Exemplar, services: list[str], length_ns: int) -> Markup:
    """The picture of one trace on a scale of `length_ns`; a service has one colour in all of them."""
    narrow = width < 600  # noqa: PLR2004 - between the two widths that are drawn
    rows = list(_rows(one.trace))[:MOST_SPANS]
    left, right = (0.0, width - 4) if narrow else (330.0, width - 78)
    row, bottom = (ROW * 1.8, 14 + ROW * 1.8 * len(rows)) if narrow else (ROW, 14 + ROW * len(rows))
    scale = Scale(0, max(length_ns / 1e6, 0.001), left, right)
    parts = list(_axis(scale, bottom, 4 if narrow else 8))
    for number, (depth, span) in enumerate(rows):
        colour = f"svc{services.index(span.service) % COLOURS}"
        parts += _row(scale, one.trace.root.begin_ns, span, 14 + row * number, (depth, colour, narrow))
    told = ", ".join(f"{span.service} {span.name} {_length(span)}" for _, span in rows)
    return svg(name, (width, bottom + 22), (f"{TITLES[one.when]}: {one.trace.root.name}", told), parts, "chart")


def _axis(scale: Scale, bottom: float, wanted: int) -> Iterator[Markup]:
    for tick in ticks(0, scale.high, wanted):
        x = scale(tick)
        anchor = "start" if tick == 0 else "middle"
        yield el("line", x1=x, x2=x, y1=10, y2=bottom, cls="grid")
        yield text(x, bottom + 15, f"{tick:g} ms", "tick", anchor)


def _row(scale: Scale, zero: int, span: Span, y: float, look: tuple[int, str, bool]) -> list[Markup]:
    depth, colour, narrow = look
    begin, end = (scale((at - zero) / 1e6) for at in (span.begin_ns, span.end_ns))
    top = y + (ROW * 0.85 if narrow else 4)
    label = f"{span.service} · {span.name}"
    indent = depth * (6 if narrow else DEPTH)
    room = int(((scale.end if narrow else scale.start - 12) - indent) / LETTER)
    label = label if len(label) <= room else f"{label[: room - 1]}…"
    title = el(
        "title", f"{span.service}, {span.name}: {_length(span)}{f', failed: {span.error}' if span.error else ''}"
    )
    parts = [
        text(indent, y + 14, label, "lane"),
        el("rect", title, x=begin, y=top, width=max(end - begin, 1.6), height=ROW - 9, rx=2, cls=f"span {colour}"),
    ]
    if span.error:
        parts.append(el("rect", x=begin, y=top, width=max(end - begin, 1.6), height=ROW - 9, rx=2, cls="span-failed"))
    middle = top + (ROW - 9) / 2
    parts += [_event(scale((_at(event, span) - zero) / 1e6), middle, _words(event)) for event in span.events]
    if not narrow:
        parts.append(text(max(end, begin) + 9, y + 15, _length(span), "value"))
    return parts


def _event(x: float, y: float, title: str) -> Markup:
    return el("path", el("title", title), d=f"M{x:.1f} {y - 6:.1f}l5 6l-5 6l-5-6z", cls="span-event")


def _rows(trace: Trace) -> Iterator[tuple[int, Span]]:
    """Depth first, in order of time; what hangs below a span that is not there hangs below the root."""
    known = {span.id for span in trace.spans}
    below: dict[str, list[Span]] = {}
    for span in trace.spans[1:]:
        parent = span.parent if span.parent in known and span.parent != span.id else trace.root.id
        below.setdefault(str(parent), []).append(span)
    waiting, drawn = [(0, trace.root)], set[str]()
    while waiting:
        depth, span = waiting.pop()
        if span.id in drawn:
            continue
        drawn.add(span.id)
        yield depth, span
        waiting += [(depth + 1, child) for child in reversed(below.get(span.id, []))]


def _said(trace: Trace) -> list[str]:
    """What happened in it, in order, each thing once."""
    events = [(_at(event, span), f"{span.service}: {_words(event)}") for span in trace.spans for event in span.events]
    return list(dict.fromkeys(words for _, words in sorted(events)))[:6]


def _words(event: dict[str, Any]) -> str:
    more = event.get("attributes")
    told = {key: value for key, value in more.items() if key in {"to", "because", "reason"}} if more else {}
    parts = [str(event.get("name")), *(f"{'to ' if key == 'to' else ''}{value}" for key, value in told.items())]
    return ", ".join(parts)


def _at(event: dict[str, Any], span: Span) -> int:
    at = event.get("at_ns")
    return at if isinstance(at, int) else span.begin_ns


def _length(span: Span) -> str:
    return milliseconds((span.end_ns - span.begin_ns) / 1e6)
