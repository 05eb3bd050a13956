"""Ways to spoil a run that passes, and the test that each of them is noticed."""

import json
from collections.abc import Callable
from typing import Any

from evidence_builder import Run
from evidence_parts import entry

from reports.evidence.reader import Evidence
from reports.evidence.samples import DEGRADED
from reports.verdict import Outcome, judge

Spoil = Callable[[Run], Any]
Written = Callable[[Run], Evidence]
Spoils = dict[str, tuple[Spoil, Outcome, str]]
FAIL, INCONCLUSIVE = Outcome.FAIL, Outcome.INCONCLUSIVE


def check(spoiled: tuple[Spoil, Outcome, str], written: Written) -> None:
    """A run spoiled like this gets that verdict, for that reason."""
    run = Run()
    spoil, outcome, why = spoiled
    spoil(run)
    verdict = judge(written(run))
    assert verdict.verdict == outcome, verdict.reasons
    assert why in " | ".join(reason.sentence for reason in verdict.reasons if reason.verdict == outcome)


def declare(run: Run, one: dict[str, Any], key: str = "method") -> dict[str, Any]:
    """Add an activity to the experiment, and to the journal as run."""
    run.experiment[key].append(one["activity"])
    run.journal["run" if key == "method" else key].append(one)
    return one


def failed(one: dict[str, Any], text: str) -> None:
    one |= {"status": "failed", "output": None, "exception": [f"chaoslib.exceptions.ActivityFailed: {text}\n"]}


def observation(output: Any, **keys: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "probes.probes", "func": "look"}
    return entry({"type": "probe", "name": "look", "provider": provider, **keys}, output)


def after(run: Run) -> dict[str, Any]:
    return dict(run.journal["steady_states"]["after"])


def reshoot(run: Run, change: Callable[[tuple[Any, ...]], tuple[Any, ...]], stem: str = "canary-shop-21") -> None:
    samples = run.samples[stem]
    samples.rows = [change(row) for row in samples.rows]  # type: ignore[misc]


def never_back(run: Run) -> None:
    run.events = [event for event in run.events if event["kind"] == "die"]
    run.heal = {"healed": False, "differences": ["product is not running"]}


def served(run: Run, text: str) -> None:
    run.samples["canary-shop-21"].texts = [
        text if json.loads(old)["degraded"] else old for old in run.samples["canary-shop-21"].texts
    ]


def fail_at(run: Run, stem: str, due: int) -> None:
    rows = run.samples[stem].rows
    row = next(n for n, one in enumerate(rows) if one[0] >= due)
    rows[row] = (*rows[row][:3], 500, *rows[row][4:])


def degrade_at(run: Run, due: int) -> None:
    rows = run.samples["load-22"].rows
    row = next(n for n, one in enumerate(rows) if one[0] >= due)
    rows[row] = (*rows[row][:4], DEGRADED, *rows[row][5:])
