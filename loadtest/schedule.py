"""When requests are due: a shape of the load as data, and one clock for the times recorded."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.evidence.instant import instant
from reports.evidence.stages import Stage

__all__ = ["Clock", "Schedule", "Stage", "parse_stages"]


@dataclass(frozen=True, slots=True)
class Clock:
    """UTC as the monotonic clock tells it, from one anchor taken at the start.

    A wall clock that is set during the run moves nothing: neither the schedule nor the times recorded.
    Both clocks are slewed alike, so what drifts apart is such a step and nothing else.
    """

    wall_ns: int
    monotonic_ns: int

    @classmethod
    def start(cls) -> "Clock":
        """Anchor the two clocks to each other."""
        return cls(*instant())

    def utc_ns(self, monotonic_ns: int) -> int:
        """UTC nanoseconds of a reading of `time.monotonic_ns()`."""
        return self.wall_ns + monotonic_ns - self.monotonic_ns


@dataclass(frozen=True, slots=True)
class Schedule:
    """When requests are due: each time is computed from its number, so that no delay adds up.

    One of several generators takes every `of`-th request, from the `index`-th on: together they make the shape.
    """

    first_ns: int
    stages: Sequence[Stage]
    index: int = 0
    of: int = 1

    @classmethod
    def steady(cls, first_ns: int, rate: float, duration_s: float | None = None) -> "Schedule":
        """`rate` requests a second, for so long or until stopped."""
        return cls(first_ns, (Stage(math.inf if duration_s is None else duration_s, rate, rate),))

    def due_ns(self) -> Iterator[int]:
        """The due times (`time.monotonic_ns`), in order."""
        number, begun, before = self.index, 0.0, 0.0
        for stage in self.stages:
            if not stage.begin and not stage.end:
                begun += stage.seconds
                continue
            until = before + stage.arrivals
            while number < until:
                yield self.first_ns + round((begun + stage.offset_s(number - before)) * 1e9)
                number += self.of
            begun, before = begun + stage.seconds, until


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Stages from a number (requests a second), or a JSON list of [seconds, from, to]; seconds null: until stopped.

    Raises ValueError with a sentence.
    """
    try:
        given = json.loads(text)
        rows = [[None, given, given]] if isinstance(given, int | float) else given
        stages = tuple(Stage(math.inf if s is None else float(s), float(a), float(b)) for s, a, b in rows)
    except (ValueError, TypeError):
        stages = ()
    if not stages or not all(_makes_sense(stage) for stage in stages):
        raise ValueError(
            f"The arrivals {text!r} are not understood: give requests a second, such as 100, or stages as a list of "
            "[seconds, from, to], such as [[10, 1, 100], [null, 100, 100]]; null is: until stopped, at one rate."
        )
    return stages


def _makes_sense(stage: Stage) -> bool:
    finite = math.isfinite(stage.begin) and math.isfinite(stage.end)
    steady = math.isfinite(stage.seconds) or stage.begin == stage.end
    return finite and steady and stage.seconds > 0 and stage.begin >= 0 and stage.end >= 0
