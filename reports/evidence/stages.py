"""The shape of a load in open loop: stages, and every time at which a journey was due."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Stage", "all_due_ns", "read_stages"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of time in which the rate goes in a straight line from one value to another."""

    seconds: float
    """math.inf: until stopped; the rate is then the same all the time."""
    begin: float
    """Requests a second."""
    end: float

    @property
    def row(self) -> list[float | None]:
        """As JSON has it: [seconds, from, to]."""
        return [None if math.isinf(self.seconds) else self.seconds, self.begin, self.end]

    @property
    def arrivals(self) -> float:
        """Requests due in it."""
        return self.seconds * (self.begin + self.end) / 2

    def offset_s(self, arrivals: float) -> float:
        """Seconds into the stage after which so many requests were due: its integral, solved for the time."""
        slope = 0.0 if math.isinf(self.seconds) else (self.end - self.begin) / self.seconds
        root = math.sqrt(max(0.0, self.begin**2 + 2 * slope * arrivals))
        return 2 * arrivals / (self.begin + root) if arrivals else 0.0


def read_stages(rows: Any) -> tuple[Stage, ...] | None:
    """Stages as a writer told them ([seconds, from, to], null: until stopped); None where that cannot be read."""
    try:
        return tuple(Stage(math.inf if s is None else float(s), float(a), float(b)) for s, a, b in rows)
    except (TypeError, ValueError):
        return None


def all_due_ns(stages: Sequence[Stage], first_ns: int, share: tuple[int, int], until_ns: int) -> "NDArray[np.int64]":
    """Every time, not after `until_ns`, at which the process with that share (`index`, `of`) had a journey to begin."""
    import numpy as np  # noqa: PLC0415 - the generators import this file, and need none

    found: list[NDArray[np.int64]] = []
    begun, before, (number, of) = 0.0, 0.0, share
    last_s = (until_ns - first_ns) / 1e9
    for stage in stages:
        seconds = min(stage.seconds, last_s - begun)
        if seconds <= 0:
            break
        if stage.begin or stage.end:
            rate = stage.begin if math.isinf(stage.seconds) else _rate(stage, seconds)
            until = min(before + stage.arrivals, before + seconds * (stage.begin + rate) / 2 + 1)
            arrivals = np.arange(number, max(number, until), of)
            number = number + of * len(arrivals)
            offsets = begun + _offsets(stage, arrivals - before)
            found.append(first_ns + np.rint(offsets * 1e9).astype(np.int64))
            before += stage.arrivals
        begun += stage.seconds
    together = np.concatenate([np.empty(0, np.int64), *found])
    return together[together <= until_ns]


def _rate(stage: Stage, seconds: float) -> float:
    return stage.begin + (stage.end - stage.begin) * seconds / stage.seconds


def _offsets(stage: Stage, arrivals: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """`Stage.offset_s` of many at once, operation by operation, so that it comes out the same to the last bit."""
    import numpy as np  # noqa: PLC0415 - the generators import this file, and need none

    slope = 0.0 if math.isinf(stage.seconds) else (stage.end - stage.begin) / stage.seconds
    root = np.sqrt(np.maximum(0.0, stage.begin**2 + 2 * slope * arrivals))
    with np.errstate(invalid="ignore"):
        return np.where(arrivals == 0, 0.0, 2 * arrivals / (stage.begin + root))
