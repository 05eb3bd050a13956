"""Figures that the whole suite must keep: `--budget FILE`.

::

    recovery_p95_seconds: 5     # 19 of 20 recoveries, over every fault of every run
    error_budget: 0.001         # share of users' requests that may fail, over all runs
    lost_orders: 0              # acknowledged orders that were never fulfilled, over all runs
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from probes.errors import ConfigurationError
from probes.gate.outcome import Unknown, Unmet
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered

__all__ = ["Budget", "BudgetItem", "Limit", "measured", "read_budget"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a figure of the suite may be."""

    figure: str
    most: float


@dataclass(frozen=True, slots=True)
class Budget:
    """All limits of a file."""

    limits: tuple[Limit, ...] = ()
    path: Path | None = None


def read_budget(file: str | None) -> Budget:
    """The limits in a file. Raises ConfigurationError that names what is wrong and what is known."""
    if file is None:
        return Budget()
    try:
        read = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The budget {file} could not be read: {' '.join(str(error).split())}") from error
    if not isinstance(read, dict) or not read:
        raise ConfigurationError(f"The budget {file} has no limits: it is one mapping of {', '.join(MEASURED)}")
    for name, most in read.items():
        is_number = isinstance(most, int | float) and not isinstance(most, bool)
        if name not in MEASURED or not is_number or not most >= 0:
            raise ConfigurationError(
                f"The budget {file} reads {name}: {most!r}; it takes {', '.join(MEASURED)}, each with a number "
                "from 0 up"
            )
    return Budget(tuple(Limit(str(name), float(most)) for name, most in read.items()), Path(file))


def measured(figure: str, runs: Sequence[Evidence]) -> tuple[float, str]:
    """The figure over all runs, and what it is made of. Raises MissingEvidence: a run without it proves nothing."""
    if not runs:
        raise MissingEvidence("no run left evidence")
    return MEASURED[figure](runs)


def _recovery_p95(runs: Sequence[Evidence]) -> tuple[float, str]:
    hit = [(run, service) for run in runs for service in sorted({fault.service for fault in run.faults})]
    if not hit:
        raise MissingEvidence("no run broke anything")
    seconds = [_recovery(run, service) for run, service in hit]
    return float(np.percentile(seconds, 95, method="inverted_cdf")), f"of {len(seconds)} recoveries"


def _recovery(run: Evidence, service: str) -> float:
    try:
        return float(FIGURES["recovery_seconds"](run, service=service))
    except NotRecovered:
        return float("inf")


def _error_budget(runs: Sequence[Evidence]) -> tuple[float, str]:
    users = [run for run in runs if run.recording and (run.recording.load or run.recording.canaries)]
    asked = sum(int(FIGURES["answers"](run)) for run in users)
    failed = sum(int(FIGURES["failed_requests"](run)) for run in users)
    if not asked:
        raise MissingEvidence("no run recorded users' requests")
    return failed / asked, f"{failed} of {asked} requests failed"


def _lost_orders(runs: Sequence[Evidence]) -> tuple[float, str]:
    ordering = [run for run in runs if run.recording and run.recording.orders]
    if not ordering:
        raise MissingEvidence("no run recorded orders")
    return float(sum(int(FIGURES["lost_orders"](run)) for run in ordering)), f"in {len(ordering)} runs"


MEASURED: dict[str, Callable[[Sequence[Evidence]], tuple[float, str]]] = {
    "recovery_p95_seconds": _recovery_p95,
    "error_budget": _error_budget,
    "lost_orders": _lost_orders,
}


class BudgetItem(pytest.Item):
    """A test of one limit; it comes last."""

    limit: Limit
    directories: Callable[[], list[Path]]

    @classmethod
    def of(cls, session: pytest.Session, limit: Limit, directories: Callable[[], list[Path]]) -> "BudgetItem":
        """The test of a limit over the runs that `directories` gives when its turn comes."""
        item = cls.from_parent(session, name=f"budget-{limit.figure}", nodeid=f"budget::{limit.figure}")
        item.limit, item.directories = limit, directories
        return item

    def setup(self) -> None:
        """Measure. Raises Unknown where evidence is missing."""
        try:
            self.value, self.of_what = measured(self.limit.figure, [Evidence(one) for one in self.directories()])
        except MissingEvidence as error:
            raise Unknown(f"INCONCLUSIVE\n  budget {self.limit.figure}: {error}") from None
        self.user_properties.append((self.limit.figure, self.value))

    def runtest(self) -> None:
        """Raises Unmet where it is more than the limit."""
        if self.value > self.limit.most:
            told = f"observed {self.value:g} ({self.of_what}), claimed at most {self.limit.most:g}"
            raise Unmet(f"FAIL\n  budget {self.limit.figure}: {told}")

    def reportinfo(self) -> tuple[Path, None, str]:
        """Nowhere, and what it asks for."""
        return Path("budget"), None, f"{self.limit.figure} of the suite is at most {self.limit.most:g}"
