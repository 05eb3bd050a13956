"""Exemplar traces as waterfalls: one row a span, below the one that caused it.

What a span says comes from the system under test: names of any length, thousands of spans, times in any order.
All of it is cut to what a page can show.
"""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.evidence.records import Span
from reports.figures.traces import Exemplar, Trace, exemplars
from reports.render.formats import milliseconds, short
from reports.render.svg import Scale, el, svg, text, ticks
from reports.words import N_, joined, say, tell

__all__ = ["waterfall", "waterfalls"]

ROW = 22.0
DEPTH = 12.0
MOST_SPANS = 24
MOST_EVENTS = 12
"""Of one span, drawn; and of one trace, said."""
MOST_SERVICES = 8
LONGEST = 80
COLOURS = 6
LETTER = 6.4
"""Width of a letter, about."""
TITLES = {
    "before": N_("Before the fault"),
    "open": N_("While the circuit breaker was open"),
    "fault": N_("While the fault was on"),
    "recovered": N_("Recovered"),
    "whole": N_("The longest way that a request went"),
}
ABSENT = {
    "before": N_("a request before the fault"),
    "open": N_("a request while the circuit breaker was open"),
    "recovered": N_("a request after the recovery"),
}


def waterfalls(evidence: Evidence) -> dict[str, Any]:
    """The chosen traces with their pictures, wide and narrow, and which are missing; empty where there are none."""
    chosen = exemplars(evidence)
    if not chosen:
        return {}
    # one scale for those of one kind: that a breaker answers at once is what the pictures are to show
    longest = max((one.trace.length_ns for one in chosen if one.when != "whole"), default=0)
    services = list(dict.fromkeys(name for one in chosen for name in one.trace.services))
    there = {"open" if one.when == "fault" else one.when for one in chosen}
    return {
        "shown": [_shown(n, one, services, longest) for n, one in enumerate(chosen)],
        "absent": joined([say(told) for when, told in ABSENT.items() if when not in there], ", "),
    }


def _shown(number: int, one: Exemplar, services: list[str], longest: int) -> dict[str, Any]:
    trace = one.trace
    length = trace.length_ns if one.when == "whole" else longest
    return {
        "title": say(TITLES[one.when]),
        "request": _cut(trace.root.name),
        "answered_ms": (trace.root.end_ns - trace.root.begin_ns) / 1e6,
        "whole_ms": trace.length_ns / 1e6,
        "services": [*map(_cut, trace.services[:MOST_SERVICES]), *("…" for _ in trace.services[MOST_SERVICES:][:1])],
        "id": _cut(trace.root.trace),
        "at_ns": trace.root.begin_ns,
        "said": _said(trace),
        "more": max(0, len(trace.spans) - MOST_SPANS),
        "charts": [waterfall(f"trace{number}-{width}", float(width), one, services, length) for width in (1000, 400)],
    }


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
    title = say("{title}: {request}", title=say(TITLES[one.when]), request=_cut(one.trace.root.name))
    told = "; ".join(_told(span) for _, span in rows)
    return svg(name, (width, bottom + 22), (title, told), parts, "chart")


def _axis(scale: Scale, bottom: float, wanted: int) -> Iterator[Markup]:
    for tick in ticks(0, scale.high, wanted):
        x = scale(tick)
        anchor = "start" if tick == 0 else "end" if x > scale.end - 2 * LETTER else "middle"
        yield el("line", x1=x, x2=x, y1=10, y2=bottom, cls="grid")
        yield text(x, bottom + 15, f"{short(tick)} ms", "tick", anchor)


def _row(scale: Scale, zero: int, span: Span, y: float, look: tuple[int, str, bool]) -> list[Markup]:
    depth, colour, narrow = look
    begin, end = (scale((at - zero) / 1e6) for at in (span.begin_ns, span.end_ns))
    top = y + (ROW * 0.85 if narrow else 4)
    indent = min(depth, 10) * (6 if narrow else DEPTH)
    room = int(((scale.end if narrow else scale.start - 12) - indent) / LETTER)
    bar: dict[str, Any] = {"x": begin, "y": top, "width": max(end - begin, 1.6), "height": ROW - 9}
    parts = [
        text(indent, y + 14, _cut(f"{span.service} · {span.name}", room), "lane"),
        el("rect", el("title", _told(span)), **bar, rx=2, cls=f"span {colour}"),
    ]
    if span.error:
        parts.append(el("rect", **bar, rx=2, cls="span-failed"))
    middle = top + (ROW - 9) / 2
    parts += [
        _event(scale((_at(event, span) - zero) / 1e6), middle, _words(event)) for event in _events(span)[:MOST_EVENTS]
    ]
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
    events = [(_at(event, span), span.service, _words(event)) for span in trace.spans for event in _events(span)]
    events += [
        (span.end_ns, span.service, say("{name} failed: {error}", name=_cut(span.name), error=_cut(span.error)))
        for span in trace.spans
        if span.error
    ]
    ordered = sorted(events, key=lambda one: one[0])
    return list(dict.fromkeys(f"{_cut(service)}: {tell(words)}" for _, service, words in ordered))[:MOST_EVENTS]


def _events(span: Span) -> list[dict[str, Any]]:
    return [event for event in span.events if isinstance(event, dict)]


def _words(event: dict[str, Any]) -> str:
    more = event.get("attributes")
    told = more if isinstance(more, dict) else {}
    where = f" → {_cut(str(told['to']))}" if told.get("to") else ""
    because = [_cut(str(told[key]), 2 * LONGEST) for key in ("because", "reason") if told.get(key)]
    return ", ".join([_cut(str(event.get("name"))) + where, *because])


def _at(event: dict[str, Any], span: Span) -> int:
    at = event.get("at_ns")
    return at if isinstance(at, int) else span.begin_ns


def _told(span: Span) -> str:
    told = say("{service}, {name}: {length}", service=_cut(span.service), name=_cut(span.name), length=_length(span))
    if span.error:
        told = say("{span}, failed: {error}", span=told, error=_cut(span.error))
    return str(tell(told))


def _length(span: Span) -> str:
    return milliseconds((span.end_ns - span.begin_ns) / 1e6)


def _cut(words: str, longest: int = LONGEST) -> str:
    return words if len(words) <= longest else f"{words[: max(longest - 1, 0)]}…"
