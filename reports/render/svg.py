"""Just enough SVG: escaped elements, and scales with round ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from reports.words import tell

__all__ = ["Scale", "el", "group", "log_ticks", "polyline", "svg", "text", "ticks"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a value to a coordinate, linearly or by its logarithm; what lies outside is held at the edge."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The coordinate of `value`."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        share = (at - low) / (high - low) if high > low else 0.0
        return self.start + share * (self.end - self.start)


def el(tag: str, body: str | Markup = "", **attributes: object) -> Markup:
    """An element; `cls` is the class, `_` in a name becomes `-`, floats are rounded, None is left out.

    A body that is a sentence is told in the language that is spoken.
    """
    parts = [
        Markup(' {}="{}"').format("class" if key == "cls" else key.replace("_", "-"), _number(value))
        for key, value in attributes.items()
        if value is not None
    ]
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), Markup("").join(parts), tell(body))  # noqa: S704 - our tags


def text(x: float, y: float, body: str, cls: str = "", anchor: str = "start") -> Markup:
    """A text element."""
    return el("text", body, x=x, y=y, cls=cls or None, text_anchor=anchor)


def group(parts: Iterable[Markup], **attributes: object) -> Markup:
    """A group of elements."""
    return el("g", Markup("").join(parts), **attributes)


def polyline(points: Iterable[tuple[float, float]], cls: str) -> Markup:
    """A line through points."""
    return el("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), cls=cls)


def svg(  # noqa: PLR0913, PLR0917 - what a picture is made of
    name: str,
    size: tuple[float, float],
    about: tuple[str, str],
    parts: Iterable[Markup],
    cls: str,
    time: str | None = None,
) -> Markup:
    """A whole picture that a screen reader can announce; `name` must be unique in the page.

    `time` is `Frame.time` where it has a time axis: the page's script reads values there.
    """
    head = [el("title", about[0], id=f"{name}-t"), el("desc", about[1], id=f"{name}-d")]
    return el(
        "svg",
        Markup("").join([*head, *parts]),
        viewBox=f"0 0 {size[0]:g} {size[1]:g}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        cls=cls,
        data_time=time,
    )


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """About `wanted` round values within low and high."""
    if not high > low:
        return [low]
    raw = (high - low) / max(wanted, 1)
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 9) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """The powers of ten within low and high."""
    return [10.0**k for k in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


def _number(value: object) -> str | Markup:
    return escape(f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value))
