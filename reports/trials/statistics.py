"""What a handful of runs can say, and how sure that is. By scipy; every bound is nonparametric or exact."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.words import N_, say

__all__ = ["CONFIDENCE", "Spread", "allowed", "in_percent", "most_failures", "spread"]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several runs, in its own unit."""

    count: int
    median: float
    p95: float
    """The value that 95 of 100 runs did not exceed: one that was seen; below 20 runs that is the largest."""
    low: float
    high: float
    median_low: float | None
    """Lower end of the two-sided 95 % confidence interval of the median, from order statistics; None: too few runs."""
    median_high: float | None
    below_high: float
    """Share of all runs that, with 95 % confidence, stay at or below the largest that was seen."""


def spread(values: Sequence[float]) -> Spread | None:
    """Of the values of one figure, one a run; None where there is none.

    The interval of the median is that of `scipy.stats.quantile_test` (Conover 1999, 3.2); it takes nothing for granted
    but that the runs are independent. The largest of n is exceeded by at most 1 - 0.05^(1/n) of all runs.
    """
    if not values:
        return None
    from scipy.stats import quantile_test  # noqa: PLC0415 - half a second, and only who wants statistics pays it

    found = np.asarray(values, float)
    interval = quantile_test(found, q=float(np.median(found)), p=0.5).confidence_interval(CONFIDENCE)
    return Spread(
        count=len(found),
        median=float(np.median(found)),
        p95=float(np.percentile(found, 95, method="inverted_cdf")),
        low=float(found.min()),
        high=float(found.max()),
        median_low=_finite(interval.low),
        median_high=_finite(interval.high),
        below_high=(1 - CONFIDENCE) ** (1 / len(found)),
    )


def most_failures(passed: int, count: int) -> float:
    """The largest rate of failures, 0 to 1, that `passed` of `count` still allow at 95 %.

    By Clopper and Pearson, one-sided. Whatever is no pass counts as a failure: what is not known is never a pass.
    """
    from scipy.stats import binomtest  # noqa: PLC0415

    if count == 0:
        return 1.0
    interval = binomtest(count - passed, count, alternative="less").proportion_ci(CONFIDENCE, method="exact")
    return float(interval.high)


def allowed(passed: int, count: int) -> str:
    """The bound on failures as a sentence."""
    if count == 0:
        return say("No run was judged: nothing can be said.")
    told = N_("{passed} of {count} passes still allows about {rate} % failures at 95 % confidence.")
    return say(told, passed=passed, count=count, rate=in_percent(most_failures(passed, count)))


def in_percent(rate: float) -> str:
    """A rate in percent: never rounded down, for it is an upper bound."""
    percent = rate * 100
    return f"{math.ceil(percent - 1e-9)}" if percent >= 1 else f"{math.ceil(percent * 10 - 1e-9) / 10:g}"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
