"""A baseline: the figures of a set of trials as a small file that can be committed, and what it may be held against."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.evidence.jsonl import read_json, write_json
from reports.trials.reading import FIGURE_NAMES, Trials
from reports.verdict.journal import items, mapping
from reports.words import N_, say

__all__ = ["Baseline", "baseline_of", "read_baseline", "unlike", "write_baseline"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is kept of a set of trials. No host names and no paths: it is made to be committed."""

    experiment: str
    sha256: str
    target: str
    machine: dict[str, Any]
    versions: dict[str, Any]
    count: int
    passed: int
    figures: dict[str, tuple[float, ...]]
    """Every value of every figure, one a run: a test needs them all."""


def baseline_of(trials: Trials) -> Baseline:
    """What a later set of trials is held against."""
    figures = {name: values for name in FIGURE_NAMES if (values := trials.values(name))}
    about = (trials.experiment, trials.sha256, trials.target, trials.machine, trials.versions)
    return Baseline(*about, count=len(trials.trials), passed=trials.passed, figures=figures)


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = {name: [round(value, 6) for value in values] for name, values in baseline.figures.items()}
    write_json(
        path,
        {
            "format": 1,
            "experiment": {"name": baseline.experiment, "sha256": baseline.sha256},
            "target": baseline.target,
            "machine": baseline.machine,
            "versions": baseline.versions,
            "trials": baseline.count,
            "passed": baseline.passed,
            "figures": figures,
        },
    )


def read_baseline(path: Path) -> Baseline:
    """Read it. Raises ValueError, in a sentence, where it is none."""
    told = read_json(path)
    if told is None:
        raise ValueError(f"There is no baseline in {path}, or it is no JSON: make one with 'chaos baseline save'")
    if told.get("format") != 1:
        raise ValueError(f"{path} has format {told.get('format')!r}; only format 1 is understood")
    experiment = mapping(told.get("experiment"))
    figures = {str(name): _numbers(values) for name, values in mapping(told.get("figures")).items()}
    count, passed = told.get("trials"), told.get("passed")
    if (
        not isinstance(count, int)
        or not isinstance(passed, int)
        or not 0 <= passed <= count
        or None in figures.values()
    ):
        raise ValueError(f"{path} is no baseline any more: its figures or counts were damaged; make it again")
    return Baseline(
        experiment=str(experiment.get("name") or ""),
        sha256=str(experiment.get("sha256") or ""),
        target=str(told.get("target") or ""),
        machine=mapping(told.get("machine")),
        versions=mapping(told.get("versions")),
        count=count,
        passed=passed,
        figures={name: values for name, values in figures.items() if values is not None},
    )


def unlike(old: Baseline, new: Baseline) -> list[str]:
    """A sentence for each thing that makes the two no fair comparison; empty where it is one."""
    found = []
    if old.experiment != new.experiment:
        told = N_("the baseline is of the experiment {old}, these are of {new}")
        found.append(say(told, old=old.experiment, new=new.experiment))
    elif old.sha256 != new.sha256:
        found.append(say("the experiment {name} is not the one that it was", name=new.experiment))
    if old.target != new.target:
        found.append(say("the baseline was made on target {old}, these on {new}", old=old.target, new=new.target))
    if old.machine != new.machine:
        told = N_("the baseline was made on another machine ({old}; now {new})")
        found.append(say(told, old=_machine(old.machine), new=_machine(new.machine)))
    return found


def _machine(machine: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(machine.items())) or say("not recorded")


def _numbers(values: Any) -> tuple[float, ...] | None:
    listed = items(values)
    numbers = [one for one in listed if isinstance(one, int | float) and not isinstance(one, bool)]
    if not numbers or len(numbers) < len(listed) or not all(map(math.isfinite, numbers)):
        return None
    return tuple(float(one) for one in listed)
