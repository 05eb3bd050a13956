"""Is it worse than the baseline, or is that the noise between runs?

Each figure is tested one-sided with the rank sum of Mann and Whitney: exact for eight runs or fewer without ties, else
by its normal approximation, corrected for ties. It takes no distribution for granted, only that without a change any
run could have been in either set. Passes are tested with Fisher's exact test. Holm's correction holds the chance that
a comparison without any change raises an alarm, over all that it looks at together, to ALPHA: of twenty such
comparisons, more than one alarms about once in sixty times.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from reports.trials.baseline import Baseline
from reports.trials.reading import FIGURE_NAMES
from reports.words import N_, say

__all__ = ["ALPHA", "PASSES", "Change", "Comparison", "compare", "most_alarms"]

ALPHA = 0.01
"""False alarms a comparison, over all of its figures together."""

PASSES = "passes"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure now against the baseline."""

    figure: str
    before: tuple[float, ...]
    now: tuple[float, ...]
    p: float
    """One-sided: how often runs without any change would differ at least as much, to the worse."""
    limit: float
    """What `p` has to stay below, after Holm, to be called a regression."""
    regressed: bool

    @property
    def medians(self) -> tuple[float, float]:
        """Before and now."""
        return float(np.median(self.before)), float(np.median(self.now))


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures against the baseline."""

    changes: tuple[Change, ...]
    missing: tuple[str, ...]
    """Figures that only one of the two has."""
    too_few: str = ""
    """A sentence where so few runs could not show any change however large."""
    unlike: tuple[str, ...] = ()
    """What was compared in spite of being unlike."""

    @property
    def regressed(self) -> tuple[Change, ...]:
        """The changes for the worse that exceed the noise."""
        return tuple(change for change in self.changes if change.regressed)


def compare(old: Baseline, new: Baseline, unlike: tuple[str, ...] = ()) -> Comparison:
    """Every figure that both have, and the passes."""
    names = [name for name in FIGURE_NAMES if name in old.figures and name in new.figures]
    missing = tuple(name for name in FIGURE_NAMES if (name in old.figures) != (name in new.figures))
    pairs = {name: (old.figures[name], new.figures[name]) for name in names}
    tested = [(name, *pair, _worse(*pair)) for name, pair in pairs.items()]
    tested.append((PASSES, (old.passed, old.count), (new.passed, new.count), _fewer_passes(old, new)))
    changes: list[Change] = []
    alarming = True
    for rank, (name, before, now, p) in enumerate(sorted(tested, key=lambda one: one[3])):
        limit = ALPHA / (len(tested) - rank)
        alarming = alarming and p < limit  # Holm: from the first that is not, none is
        changes.append(Change(name, tuple(before), tuple(now), p, limit, alarming))
    order = [*names, PASSES]
    changes.sort(key=lambda change: order.index(change.figure))
    known = {
        name: (len(old.figures[name]), len(new.figures.get(name, ()))) for name in FIGURE_NAMES if name in old.figures
    }
    return Comparison(tuple(changes), missing, _too_few(old, new, len(tested), known), unlike)


def most_alarms(comparisons: int) -> int:
    """How many of so many comparisons without any change may raise an alarm, in 95 of 100 cases."""
    from scipy.stats import binom  # noqa: PLC0415

    return int(binom.ppf(0.95, comparisons, ALPHA))


def _worse(before: tuple[float, ...], now: tuple[float, ...]) -> float:
    """How likely so much larger values are without a change."""
    if max(now) <= min(before):
        return 1.0
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    return float(mannwhitneyu(now, before, alternative="greater").pvalue)


def _fewer_passes(old: Baseline, new: Baseline) -> float:
    from scipy.stats import fisher_exact  # noqa: PLC0415

    table = [[new.count - new.passed, new.passed], [old.count - old.passed, old.passed]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _too_few(old: Baseline, new: Baseline, figures: int, known: dict[str, tuple[int, int]]) -> str:
    """Of the runs, or of those that have a figure of the baseline: a run without it says nothing of that figure."""
    if not _can_tell(old.count, new.count, figures):
        told = N_(
            "{old} and {new} runs are too few: not even the largest change could be told from noise; make 6 and 6"
        )
        return say(told, old=old.count, new=new.count)
    for name, (before, now) in known.items():
        if not _can_tell(before, now, figures):
            told = N_(
                "{old} runs of the baseline and {new} of these have the figure {figure}: too few to tell a change of "
                "it from noise"
            )
            return say(told, old=before, new=now, figure=say(FIGURE_NAMES[name]))
    return ""


def _can_tell(before: int, now: int, figures: int) -> bool:
    return 1 / comb(before + now, now) < ALPHA / figures
