"""The same build compared with itself, on real runs: of twenty comparisons at most one may raise an alarm.

    python -m benchmarks null

66 crashes of product on the embedded target, made by `chaos trials` in six sets on end, are cut into eleven blocks of
six in the order in which they were made, so that a machine that got busier shows. Each block is compared with the next
one, forth and back, as `chaos baseline compare` does it: twenty comparisons.

They are not independent, and the count is no estimate of the rate of false alarms: nine of the eleven blocks take part
in four comparisons each, and of a pair compared forth and back at most one can alarm for the same figure. If they
were, a rate of 1 % would make more than one alarm of twenty once in sixty times.

Six against six is the smallest comparison that can alarm at all. So beside each one the later block is made worse by
more than the runs of both are apart, and this has to alarm; a comparison that cannot is not counted, and where there
are fewer than twenty that can, nothing is told. Ten minutes at most.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from benchmarks.table import Row
from reports.trials.baseline import Baseline, baseline_of
from reports.trials.comparison import compare
from reports.trials.reading import Trials, read_trials

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))  # brings a stack up on free ports

from harness import Bench

from experiments import smallest

__all__ = ["measure", "rows"]

SETS, RUNS, BLOCK = 6, 11, 6
COMPARISONS, MOST = 20, 1
BEGIN_WITHIN_S, SET_S = 420.0, 180.0


def measure() -> list[Row]:
    """How many of the twenty raise an alarm. Raises RuntimeError where trials were not made."""
    with tempfile.TemporaryDirectory(prefix="stehauf-benchmark-") as folder, Bench("embedded", Path(folder)).up() as up:
        experiment, made, began = up.write(smallest(), "null.json"), [], time.monotonic()
        while len(made) < SETS and time.monotonic() < began + BEGIN_WITHIN_S:
            made.append(_trials(up, experiment))
        return rows(made)


def _trials(up: Bench, experiment: Path) -> Trials:
    before = set(up.folder.glob("runs/2*/trials.json"))
    done = up.chaos("trials", str(RUNS), str(experiment), timeout=SET_S)
    new = set(up.folder.glob("runs/2*/trials.json")) - before
    if len(new) != 1:
        raise RuntimeError(f"no trials were made: {done.output[-300:]}")
    return read_trials(new.pop().parent)


def rows(made: Sequence[Trials]) -> list[Row]:
    """The row of so many sets of trials, all of one build, in the order in which they were made."""
    blocks = [baseline_of(part) for part in _blocks(made)]
    pairs = [pair for one, next_ in pairwise(blocks) for pair in ((one, next_), (next_, one))]
    able = [(old, new) for old, new in pairs if compare(old, _worse(old, new)).regressed]
    alarms = sum(bool(compare(old, new).regressed) for old, new in able)
    passed, count = sum(block.passed for block in blocks), sum(block.count for block in blocks)
    what = (
        f"false alarms of chaos baseline compare: the same build, {count} real crashes, neighbouring blocks of {BLOCK}"
    )
    against = f"{len(able)} comparisons that can alarm, forth and back, not independent; {passed} of {count} runs PASS"
    told = len(able) >= COMPARISONS
    return [Row(what, against, alarms, None, "", f"≤ {MOST} of {COMPARISONS}", alarms <= MOST if told else None)]


def _blocks(made: Sequence[Trials]) -> list[Trials]:
    runs = [trial for one in made for trial in one.trials]
    whole = range(0, len(runs) - BLOCK + 1, BLOCK)
    return [replace(made[0], trials=tuple(runs[begin : begin + BLOCK]), planned=BLOCK) for begin in whole]


def _worse(old: Baseline, new: Baseline) -> Baseline:
    """The new one, each figure of it worse than any that was seen."""
    figures = {}
    for name, values in new.figures.items():
        seen = (*values, *old.figures.get(name, values))
        figures[name] = tuple(value + max(seen) - min(seen) + 1 for value in values)
    return replace(new, figures=figures)
