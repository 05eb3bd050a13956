"""Figures of a crash loop: it is one fault to recover from, over when the service is back after its last crash."""

from collections.abc import Callable

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, DIED, STARTED, S

from reports.evidence.reader import Evidence
from reports.evidence.records import Transition
from reports.figures import FIGURES, MissingEvidence, recovery_steps
from reports.figures.windows import FOREVER, breaker_window
from reports.render.frame import fault_spans_of

Written = Callable[[Run], Evidence]
EARLIER = 3 * S


def looped(run: Run) -> Run:
    """The crash of the run becomes the last of a loop of two."""
    first = [{**line, "id": "loop", "at_ns": line["at_ns"] - EARLIER} for line in run.faults]
    run.faults = [{**line, "loop": "loop"} for line in [*first, *run.faults]]
    gone = [{**e, "at_ns": e["at_ns"] - EARLIER} for e in run.events if e["at_ns"] in {DIED, STARTED}]
    run.events = [*gone, *run.events]
    return run


def test_recovery_counts_from_the_first_crash_to_the_first_good_answer_after_the_last(
    run: Run, written: Written
) -> None:
    alone = FIGURES["recovery_seconds"](written(run), service="product")
    evidence = written(looped(run))
    assert len(evidence.faults) == 2
    assert FIGURES["recovery_seconds"](evidence, service="product") == pytest.approx(float(alone) + EARLIER / 1e9)


def test_one_kind_of_fault_can_be_asked_for(run: Run, written: Written) -> None:
    evidence = written(looped(run))
    assert FIGURES["recovery_seconds"](evidence, service="product", fault="crash_loop")
    with pytest.raises(MissingEvidence, match="crash"):
        FIGURES["recovery_seconds"](evidence, service="product", fault="crash")


def test_its_steps_begin_with_the_first_death_and_end_with_the_last_start(run: Run, written: Written) -> None:
    evidence = written(looped(run))
    at = {step.key: step.at_ns for step in recovery_steps(evidence, "product")}
    assert at["asked"] == ASKED - EARLIER
    assert at["died"] == DIED - EARLIER
    assert at["last"] == ASKED
    assert at["started"] == STARTED
    (span,) = fault_spans_of(evidence)
    assert span.title == "crash loop of product"


def _moves(*moves: tuple[int, str]) -> tuple[Transition, ...]:
    return tuple(Transition(seen_ns=at, breaker="b", after=after, at_ns=at, before="x") for at, after in moves)


@pytest.mark.parametrize(
    ("moves", "window"),
    [
        ((), None),
        (((12, "open"), (40, "closed")), (10, 40)),
        (((12, "open"), (15, "closed"), (22, "open"), (40, "closed"), (50, "open"), (60, "closed")), (10, 40)),
        (((12, "open"), (15, "closed")), (10, 15)),
        (((12, "open"),), (10, FOREVER)),
    ],
    ids=["never opened", "open all along", "closed between two crashes", "not opened by the last", "never closed"],
)
def test_a_loop_explains_degraded_answers_until_the_breaker_closed_after_its_last_crash(
    moves: tuple[tuple[int, str], ...], window: tuple[int, int] | None
) -> None:
    assert breaker_window(_moves(*moves), 10, 100, last_ns=20) == window
