"""The recovery as a ladder: one row a step, where it happened, and how exactly that is known."""

from itertools import pairwise

from markupsafe import Markup

from reports.figures import Step
from reports.render.formats import interval, seconds
from reports.render.frame import FaultSpan
from reports.render.svg import Scale, el, svg, text, ticks
from reports.words import N_, joined, say, tell

__all__ = ["ladder", "segments"]

ROW = 25.0
PHASES = {
    ("asked", "died"): N_("dying"),
    ("died", "started"): N_("waiting for the restart"),
    ("died", "last"): N_("crashing again and again"),
    ("last", "started"): N_("last crash and restart"),
    ("started", "answering"): N_("starting up"),
    ("answering", "good"): N_("reaching the users"),
    ("started", "good"): N_("starting up, and reaching the users"),
}
"""What passes between two steps, in words."""
BETWEEN = N_("between")


def segments(steps: tuple[Step, ...]) -> list[tuple[str, float, float]]:
    """The phases between asked and the first good answer: name, begin and end in seconds."""
    at = {step.key: step.seconds for step in steps}
    seen = [key for key in ("asked", "died", "last", "started", "answering", "good") if at.get(key) is not None]
    found = []
    for begin, end in pairwise(seen):
        first, last = at[begin] or 0.0, at[end] or 0.0
        if last < first:
            return []  # the users were served before the canary looked: no phases to tell apart
        found.append((say(PHASES.get((begin, end), BETWEEN)), first, last))
    return found


def ladder(name: str, width: float, span: FaultSpan) -> Markup:
    """The picture; steps that were not seen are not in it."""
    seen = [(n, step) for n, step in enumerate(span.steps, 1) if step.seconds is not None]
    narrow = width < 600  # noqa: PLR2004 - between the two widths that are drawn
    left, right = (34.0, width - 14) if narrow else (250.0, width - 90)
    last = max([step.seconds or 0.0 for _, step in seen] + [0.1])
    scale = Scale(0, last * 1.02, left, right)
    bottom = 44 + ROW * len(seen)
    parts = []
    for tick in ticks(0, last, 4 if narrow else 8):
        x = scale(tick)
        parts += [
            el("line", x1=x, x2=x, y1=36, y2=bottom, cls="grid"),
            text(x, bottom + 15, interval(tick), "tick", "middle"),
        ]
    for number, (label, begin, end) in enumerate(segments(span.steps)):
        told = f"{tell(label)}: {seconds(end - begin)}"
        x, length = scale(begin), scale(end) - scale(begin)
        cls = f"phase p{number}"
        parts.append(el("rect", el("title", told), x=x, y=8, width=max(length, 1.0), height=20, cls=cls))
        if length > len(told) * 6.1:
            parts.append(text(x + length / 2, 22, told, "phase-name", "middle"))
    for row, (number, step) in enumerate(seen):
        parts += _rung(scale, step, number, 44 + ROW * row + ROW / 2, narrow=narrow)
    steps = (say("{step} after {time}", step=step.name, time=seconds(step.seconds)) for _, step in seen)
    about = (say("Steps of the {fault}", fault=span.title), joined(steps))
    return svg(name, (width, bottom + 24), about, parts, "chart")


def _rung(scale: Scale, step: Step, number: int, y: float, *, narrow: bool) -> list[Markup]:
    at = step.seconds or 0.0
    x = scale(at)
    early = scale(max(at - (step.resolution_s or 0.0), 0.0))
    parts = [
        el("line", x1=scale.start, x2=x, y1=y, y2=y, cls="rung"),
        el("line", x1=early, x2=x, y1=y, y2=y, cls="doubt"),
        el("circle", cx=x, cy=y, r=4.5, cls=f"knot k-{step.key}"),
        el("circle", cx=scale.start - (20 if narrow else 236), cy=y, r=7.5, cls="badge"),
        text(scale.start - (20 if narrow else 236), y + 3.6, str(number), "badge-number", "middle"),
    ]
    if not narrow:
        parts += [text(scale.start - 222, y + 4, step.name, "lane"), text(x + 9, y + 4, seconds(at), "value")]
    elif x > (scale.start + scale.end) / 2:
        parts.append(text(x - 9, y + 4, seconds(at), "value", "end"))
    else:
        parts.append(text(x + 9, y + 4, seconds(at), "value"))
    return parts
