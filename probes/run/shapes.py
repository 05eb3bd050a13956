"""Shapes of the load, by name: each a function whose parameters are its YAML arguments, and that gives stages.

A stage is [seconds, from, to]: so long the rate goes in a straight line from one value to the other, in journeys a
second. The last one has null for its seconds: until stopped.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from probes.errors import ConfigurationError
from probes.run.arguments import require_number

__all__ = ["SHAPES", "Stages", "stages_of", "steady"]

Stages = list[list[float | None]]

_MOST_RATE, _MOST_S = 20_000.0, 86_400.0


def steady(rate: float) -> Stages:
    """The same rate all the time."""
    return [[None, _rate("rate", rate), rate]]


def ramp(start: float, end: float, seconds: float) -> Stages:
    """From one rate to another, and on with that."""
    return [[_seconds("seconds", seconds), _rate("start", start), _rate("end", end)], [None, end, end]]


def spike(rate: float, peak: float, after: float, seconds: float) -> Stages:
    """A rate; `after` so many seconds, at once and for so many `seconds`, another; then the first again."""
    before: list[float | None] = [_seconds("after", after), _rate("rate", rate), rate]
    return [before, [_seconds("seconds", seconds), _rate("peak", peak), peak], [None, rate, rate]]


def demo(rate: float = 50) -> Stages:
    """The demo's: the shop fills within five seconds, and stays full."""
    return [[5.0, max(1.0, _rate("rate", rate) / 5), rate], [None, rate, rate]]


def stages(stages: Any) -> Stages:
    """Whatever you like: [seconds, from, to] each; on with the last rate."""
    if not isinstance(stages, list) or not stages or not all(isinstance(s, list) and len(s) == 3 for s in stages):  # noqa: PLR2004
        raise ConfigurationError(
            f"The argument load.shape: stages of probes.control reads {stages!r}; it takes a list of "
            "[seconds, from, to], such as [[10, 5, 50], [30, 50, 50]]"
        )
    found: Stages = [[_seconds("stages", s), _rate("stages", a), _rate("stages", b)] for s, a, b in stages]
    return [*found, [None, found[-1][2], found[-1][2]]]


SHAPES: dict[str, Callable[..., Stages]] = {shape.__name__: shape for shape in (steady, ramp, spike, demo, stages)}


def stages_of(given: Any) -> Stages:
    """The stages of `{name: NAME, ...}`. Raises ConfigurationError that says what the shape takes."""
    shape = SHAPES.get(str(given.get("name"))) if isinstance(given, Mapping) else None
    if shape is None:
        raise ConfigurationError(
            f"The argument load.shape of probes.control reads {given!r}; it takes a mapping with one of these names: "
            + "; ".join(f"{name} ({', '.join(inspect.signature(one).parameters)})" for name, one in SHAPES.items())
        )
    values = {key: value for key, value in given.items() if key != "name"}
    try:
        inspect.signature(shape).bind(**values)
    except TypeError as error:
        takes = ", ".join(inspect.signature(shape).parameters)
        raise ConfigurationError(
            f"The argument load.shape of probes.control reads {given!r} ({error}); {shape.__name__} takes: {takes}"
        ) from None
    return shape(**values)


def _rate(name: str, given: Any) -> float:
    takes = "journeys a second, 1 to 20000"
    return float(require_number(f"load.shape: {name}", given, takes, least=1.0, most=_MOST_RATE))


def _seconds(name: str, given: Any) -> float:
    return float(require_number(f"load.shape: {name}", given, "seconds, 0.1 to 86400", least=0.1, most=_MOST_S))
