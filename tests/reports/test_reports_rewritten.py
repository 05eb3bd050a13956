"""A claim that a foreign control rewrites while it runs is no claim any more."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from evidence_builder import Run

from reports.evidence.reader import Evidence
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]


def declared_before(run: Run) -> Run:
    """experiment.json as it was before anything ran: what changes in the journal from here on does not change it."""
    run.experiment = deepcopy(run.experiment)
    return run


def entries(run: Run, place: str) -> list[dict[str, Any]]:
    states = run.journal["steady_states"]
    return {"method": run.method, "rollbacks": run.rollbacks, "after": states["after"]["probes"]}[place]


@pytest.mark.parametrize(
    ("place", "number", "change"),
    [
        ("method", 1, lambda activity: activity.update(tolerance={"type": "range", "range": [0, 9999]})),
        ("method", 1, lambda activity: activity.pop("tolerance")),
        ("method", 3, lambda activity: activity["provider"]["arguments"].update(source="canary:product")),
        ("method", 3, lambda activity: activity["provider"].update(func="degraded_answers")),
        ("rollbacks", 0, lambda activity: activity.update(name="another")),
        ("after", 0, lambda activity: activity.update(tolerance=[200, 503])),
    ],
)
def test_what_the_journal_has_otherwise_than_the_experiment_is_no_pass(
    place: str, number: int, change: Callable[[dict[str, Any]], Any], run: Run, written: Written
) -> None:
    declared_before(run)
    change(entries(run, place)[number]["activity"])
    verdict = judge(written(run))
    assert verdict.verdict != Outcome.PASS
    assert [one.sentence for one in verdict.reasons if "otherwise than experiment.json declares it" in one.sentence]


def test_an_activity_that_ran_twice_and_is_declared_once_is_noticed(run: Run, written: Written) -> None:
    run.method[2] = deepcopy(run.method[3])
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


def test_what_chaos_toolkit_itself_changes_is_no_rewriting(run: Run, written: Written) -> None:
    """References are resolved, background activities end in any order, a tolerance that runs code gets its value."""
    code = {"type": "probe", "name": "judge", "provider": {"type": "python", "arguments": {}}}
    for activity in (run.method[3]["activity"], run.method[5]["activity"]):
        activity["tolerance"] = deepcopy(code)
    declared_before(run)
    run.experiment["method"][2] = {"ref": run.journal["steady_states"]["before"]["probes"][0]["activity"]["name"]}
    run.method[2] = run.journal["steady_states"]["before"]["probes"][0] | {"activity": run.method[2]["activity"]}
    run.method[2]["activity"] = deepcopy(run.experiment["steady-state-hypothesis"]["probes"][0])
    run.method[3]["activity"]["tolerance"]["provider"]["arguments"]["value"] = 0
    run.method[4], run.method[5] = run.method[5], run.method[4]
    said = [one.sentence for one in judge(written(run)).reasons]
    assert not [sentence for sentence in said if "otherwise than" in sentence]
