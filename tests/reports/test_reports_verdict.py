"""PASS needs all of it, FAIL dominates, and the judge never breaks."""

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, DIED, END, INSTANCE, MS, S, iso, state
from evidence_spoils import FAIL, INCONCLUSIVE, Spoil, Written, declare, fail_at, observation

from reports.verdict import Outcome, judge


def test_a_whole_run_passes(run: Run, written: Written) -> None:
    verdict = judge(written(run))
    assert verdict.reasons == ()
    assert verdict.verdict == Outcome.PASS
    assert verdict.exit_code == 0


HARMLESS: dict[str, Spoil] = {
    "a probe that only observes": lambda r: declare(r, observation({"a": 1})),
    "no rollbacks declared": lambda r: (r.experiment.pop("rollbacks"), r.journal.update(rollbacks=[])),
    "no load, no orders": lambda r: (
        r.run["recording"].update(load=False, orders=False),
        r.samples.pop("load-22"),
        r.method.pop(),
        r.experiment["method"].pop(),
    ),
    "a tolerance that ran code, and was met": lambda r: (
        declare(r, observation(1, tolerance={"type": "probe", "name": "judge", "provider": {}})),
        r.checks.append({"activity": "look", "start": r.method[-1]["start"], "value": 1, "met": True}),
    ),
    "a tolerance with a variable that the run knows": lambda r: (
        declare(r, observation("a", tolerance="${limit}")),
        r.run.update(configuration={"limit": "a"}),
    ),
    "hypothesis met during": lambda r: r.journal["steady_states"]["during"].append(state()),
    "a failed poll of breakers": lambda r: r.breakers.append({"seen_ns": 1, "source": "x", "error": "timed out"}),
    "the service seen away by its own canary": lambda r: r.samples["canary-product-21"].add(END, 5, 0),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_needs_no_claim_does_not_spoil_a_pass(name: str, run: Run, written: Written) -> None:
    HARMLESS[name](run)
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.PASS, verdict.reasons


def test_fail_dominates_and_doubts_are_still_named(run: Run, written: Written) -> None:
    fail_at(run, "load-22", END - S)
    run.problems.append({"at_ns": END, "what": "a gap"})
    verdict = judge(written(run))
    assert verdict.verdict == FAIL
    assert [reason.verdict for reason in verdict.reasons] == [FAIL, INCONCLUSIVE]
    assert verdict.exit_code == 1


def test_a_recovery_not_yet_seen_within_its_limit_is_not_known(run: Run, written: Written) -> None:
    """Watched for 6 s with a limit of 10: it may still have come back in time."""
    run.run["load_ended_ns"] = ASKED + 6 * S
    for samples in run.samples.values():
        samples.rows = [
            (due, late, lag, 0 if due > DIED else status, flags if due < DIED else 0, name, content)
            for due, late, lag, status, flags, name, content in samples.rows
            if due < ASKED + 6 * S
        ]
    claim = next(one for one in judge(written(run)).claims if one.figure == "recovery_seconds")
    assert claim.verdict == INCONCLUSIVE
    assert claim.observed.startswith("more than 5.9")


def test_a_second_fault_needs_its_own_receipt(run: Run, written: Written) -> None:
    second = ASKED + 8 * S
    run.faults += [run.fault("asked", second) | {"id": "f2"}, run.fault("injected", second + MS) | {"id": "f2"}]
    verdict = judge(written(run))
    assert [receipt.proved for receipt in verdict.receipts] == [True, False]
    assert verdict.verdict != Outcome.PASS


def test_the_judge_survives_evidence_of_the_wrong_shape(run: Run, written: Written) -> None:
    run.journal = {"run": 3, "steady_states": ["x"], "rollbacks": {"a": 1}, "status": {}}
    run.experiment = {"method": "x", "steady-state-hypothesis": [1]}
    run.run = {"recording": 7, "format": "x", "interrupted": []}
    run.system = {"services": 4}
    assert judge(written(run)).verdict == INCONCLUSIVE


def test_times_of_activities_may_lack_a_zone(run: Run, written: Written) -> None:
    for one in run.method:
        one.update(start=one["start"].replace("+00:00", ""), end=iso(END).replace("+00:00", ""))
    assert judge(written(run)).verdict == Outcome.PASS


def test_every_instance_in_the_default_run_is_the_one_that_was_hit(run: Run) -> None:
    assert {event["instance"] for event in run.events} == {INSTANCE}
