"""Nobody notices the end of a copy that nobody asked: how many copies served is a claim of its own, and it fails."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, probe
from evidence_spoils import declare

from reports.evidence.reader import Evidence
from reports.evidence.samples import CANCELLED_CALL, FAILED_CALL
from reports.figures import FIGURES, MissingEvidence
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]
CALLS = "calls-1-20"
FIRST, SECOND = 2, 3


def two_copies(run: Run) -> Run:
    """The calls to product, in turns to two copies of it."""
    calls = run.samples[CALLS]
    calls.about["names"] = ["product", "order", "product at 10.0.1.5", "product at 10.0.1.6"]
    calls.rows = [
        (*row[:5], row[5] or FIRST + number // 2 % 2, row[6]) for number, row in enumerate(sorted(calls.rows))
    ]
    return run


def changed(run: Run, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> None:
    run.samples[CALLS].rows = [change(row) if row[5] == SECOND else row for row in run.samples[CALLS].rows]


def judged(run: Run, written: Written) -> Any:
    declare(run, probe("copies_serving", 2, 2, service="product"))
    return judge(written(run))


def test_both_copies_that_answered_before_the_fault_are_counted(run: Run, written: Written) -> None:
    verdict = judged(two_copies(run), written)
    assert verdict.verdict == Outcome.PASS, verdict.reasons


SPOILS: dict[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]] = {
    "all calls went to the other one": lambda row: (*row[:5], FIRST, row[6]),
    "it was asked only after the fault": lambda row: (max(row[0], ASKED + row[0] % 10**9), *row[1:]),
    "it gave no good answer": lambda row: (*row[:4], row[4] | FAILED_CALL, *row[5:]),
    "whoever asked it gave up": lambda row: (*row[:4], row[4] | CANCELLED_CALL, *row[5:]),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_copy_that_did_not_serve_is_not_counted(name: str, run: Run, written: Written) -> None:
    changed(two_copies(run), SPOILS[name])
    verdict = judged(run, written)
    assert verdict.verdict == Outcome.FAIL
    assert any("“copies serving”: observed 1 (at the time 2), claimed 2" in one.sentence for one in verdict.reasons)


LAST_S = 3 * 10**9


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda row, _: row, 2),
        (lambda row, end: (min(row[0], end - LAST_S - 1), *row[1:]), 1),
        (lambda row, _: (*row[:4], row[4] | FAILED_CALL, *row[5:]), 1),
    ],
    ids=["both answer to the end", "nobody finds it any more", "it fails"],
)
def test_a_copy_that_runs_again_and_is_not_asked_is_not_counted_at_the_end(
    spoil: Callable[[tuple[Any, ...], int], tuple[Any, ...]], found: int, run: Run, written: Written
) -> None:
    two_copies(run)
    end = max(row[0] for name, one in run.samples.items() if name != CALLS for row in one.rows)
    changed(run, lambda row: spoil(row, end))
    declare(run, probe("copies_serving_at_end", 2, 2, service="product"))
    evidence = written(run)
    assert FIGURES["copies_serving_at_end"](evidence, service="product") == found
    assert judge(evidence).verdict == (Outcome.PASS if found == 2 else Outcome.FAIL)


@pytest.mark.parametrize("others_go_on", [True, False])
def test_a_service_that_is_not_asked_any_more_has_no_copy_at_the_end(
    others_go_on: bool, run: Run, written: Written
) -> None:
    """Its breaker stayed open, say: users go on, with or without calls to anybody else."""
    calls = two_copies(run).samples[CALLS]
    users = max(row[0] for name, one in run.samples.items() if name != CALLS for row in one.rows)
    calls.rows = [row for row in calls.rows if row[0] < users - LAST_S - 10**9 or (others_go_on and row[5] == 1)]
    assert {row[5] for row in calls.rows} >= {FIRST, SECOND}
    assert FIGURES["copies_serving_at_end"](written(run), service="product") == 0


def test_a_list_of_calls_that_is_not_complete_says_nothing_of_copies(run: Run, written: Written) -> None:
    two_copies(run).samples[CALLS].about["lost"] = 1
    evidence = written(run)
    for figure in ("copies_serving", "copies_serving_at_end"):
        with pytest.raises(MissingEvidence, match="not complete"):
            FIGURES[figure](evidence, service="product")


def test_calls_that_do_not_say_which_copy_was_asked_prove_nothing(run: Run, written: Written) -> None:
    verdict = judged(run, written)
    assert verdict.verdict == Outcome.INCONCLUSIVE
    assert any("no list of calls says which copy of product was asked" in one.sentence for one in verdict.reasons)


def test_a_breaker_is_judged_by_the_calls_to_all_copies(run: Run, written: Written) -> None:
    evidence = written(two_copies(run))
    assert FIGURES["calls_while_open"](evidence, breaker="product") == 0
    assert FIGURES["trial_calls"](evidence, breaker="product") == 1
    with pytest.raises(MissingEvidence, match=r"calls were listed to: order, product\)"):
        FIGURES["calls_while_open"](evidence, breaker="product", upstream="moon")
