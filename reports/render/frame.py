"""The frame that all time charts share: one time axis, panels below each other, the faults shaded."""

from dataclasses import dataclass

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.figures import Step, fault_steps
from reports.figures.windows import fault_spans, faults_of
from reports.render.formats import interval, seconds, short
from reports.render.loops import as_one
from reports.render.svg import Scale, el, text, ticks
from reports.words import tell, translated

__all__ = ["FaultSpan", "Frame", "axis", "fault_shades", "fault_spans_of", "panel_title", "y_axis"]

LETTER = 6.9
"""Width of a letter of a fault's name, by and large."""


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """A fault with its steps, from its asking to the users' first good answer."""

    title: str
    service: str
    asked_ns: int
    until_ns: int | None
    """None: it did not end as far as the evidence reaches."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Size and time of a chart. `name` makes its ids unique."""

    name: str
    width: float
    gutter: float
    begin_ns: int
    end_ns: int
    zero_ns: int
    """Time 0 of the axis: when the first fault was asked for."""

    @property
    def narrow(self) -> bool:
        """Whether it is drawn for a phone."""
        return self.width < 600  # noqa: PLR2004 - between the two widths that are drawn

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - 14

    @property
    def time(self) -> str:
        """Where the time axis begins and ends: two coordinates, and the seconds that they stand for."""
        low, high = ((at - self.zero_ns) / 1e9 for at in (self.begin_ns, self.end_ns))
        return f"{self.gutter:g} {self.right:g} {low:.6f} {high:.6f}"

    def x(self, at_ns: float) -> float:
        """The coordinate of a time."""
        return Scale(self.begin_ns, self.end_ns, self.gutter, self.right)(at_ns)

    def span(self, times: tuple[float, float], box: tuple[float, float], cls: str, title: str) -> Markup:
        """A rectangle between two times, at least a hair wide; `box` is its top and its height."""
        left, right = self.x(times[0]), self.x(times[1])
        body = el("title", title)
        return el("rect", body, x=left, y=box[0], width=max(right - left, 0.8), height=box[1], cls=cls)


def fault_spans_of(evidence: Evidence) -> tuple[FaultSpan, ...]:
    """Every fault that was asked for, in order."""
    found = []
    for service in dict.fromkeys(fault.service for fault in evidence.faults if fault.asked_ns is not None):
        for fault, at, following in fault_spans(faults_of(evidence, service)):
            steps = tuple(fault_steps(evidence, fault, at, following))
            ends = [step.at_ns for step in steps if step.key == "good"]
            found.append(FaultSpan(as_one(fault).title, fault.service, at, ends[0] if ends else None, steps))
    return tuple(sorted(found, key=lambda span: span.asked_ns))


def fault_shades(frame: Frame, spans: tuple[FaultSpan, ...], top: float, bottom: float) -> list[Markup]:
    """The shade of each fault over all panels, with its name on top."""
    parts = []
    begins = [frame.x(span.asked_ns) for span in spans]
    taken = 0.0
    for span, x, following in zip(spans, begins, [*begins, frame.right][1:], strict=True):
        until = frame.end_ns if span.until_ns is None else span.until_ns
        told = seconds((until - span.asked_ns) / 1e9) if span.until_ns else translated("no recovery seen")
        parts.append(frame.span((span.asked_ns, until), (top, bottom - top), "fault", f"{tell(span.title)}, {told}"))
        parts.append(el("line", x1=x, x2=x, y1=top - 4, y2=bottom, cls="asked"))
        label = f"{tell(span.title)} · {told}"
        length = len(label) * LETTER + 10
        if x + length <= following:
            parts.append(text(x + 5, top - 6, label, "fault-name"))
            taken = x + length
        elif x - length >= taken or len(spans) == 1:
            parts.append(text(x - 5, top - 6, label, "fault-name", "end"))
            taken = x
    return parts  # a name that has no room is left out: it stands in the shade's title, and below


def axis(frame: Frame, y: float, top: float) -> list[Markup]:
    """The time axis below everything, with light lines up through the panels."""
    low, high = ((at - frame.zero_ns) / 1e9 for at in (frame.begin_ns, frame.end_ns))
    parts = []
    for tick in ticks(low, high, 5 if frame.narrow else 10):
        x = frame.x(frame.zero_ns + tick * 1e9)
        parts.append(el("line", x1=x, x2=x, y1=top, y2=y, cls="grid"))
        parts.append(text(x, y + 15, interval(tick), "tick", "middle"))
    return parts


def y_axis(frame: Frame, scale: Scale, at: list[float], unit: str = "") -> list[Markup]:
    """Horizontal lines with their values in the gutter."""
    parts = []
    for value in at:
        y = scale(value)
        parts.append(el("line", x1=frame.gutter, x2=frame.right, y1=y, y2=y, cls="grid"))
        parts.append(text(frame.gutter - 7, y + 3.5, f"{short(value)}{unit}", "tick", "end"))
    return parts


def panel_title(frame: Frame, y: float, title: str, keys: tuple[tuple[str, str], ...] = ()) -> list[Markup]:
    """The name of a panel, and what its colours mean."""
    parts = [text(0 if frame.narrow else frame.gutter, y, title, "panel")]
    x = frame.right
    for cls, name in reversed(keys):
        label = str(tell(name))
        width = len(label) * 6.3 + 20
        x -= width
        parts.append(el("rect", x=x, y=y - 8, width=9, height=9, rx=2, cls=cls))
        parts.append(text(x + 13, y, label, "tick"))
    return parts
