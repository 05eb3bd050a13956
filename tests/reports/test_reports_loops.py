"""Figures of a crash loop: it is one fault to recover from, over when the service is back after its last crash."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, CLOSED, DIED, END, INSTANCE, MS, STARTED, S, action, entry
from evidence_spoils import degrade_at

from reports.evidence.reader import Evidence
from reports.evidence.records import Transition
from reports.figures import FIGURES, MissingEvidence, recovery_steps
from reports.figures.windows import FOREVER, breaker_window
from reports.render.frame import fault_spans_of
from reports.verdict import Outcome, judge
from reports.verdict.faults import receipts, unproved

Written = Callable[[Run], Evidence]
EARLIER = 3 * S


def looped(run: Run) -> Run:
    """The crash of the run becomes the last of a loop of two."""
    first = [{**line, "id": "loop", "at_ns": line["at_ns"] - EARLIER} for line in run.faults]
    run.faults = [{**line, "loop": "loop"} for line in [*first, *run.faults]]
    gone = [{**e, "at_ns": e["at_ns"] - EARLIER} for e in run.events if e["at_ns"] in {DIED, STARTED}]
    run.events = [*gone, *run.events]
    return run


def passing(run: Run) -> Run:
    """A loop of two crashes, asked for by one action, with all that proves both."""
    looped(run)
    before = next(one for one in run.instances if one["when"] == "before-fault")
    event = next(one for one in run.instances if one["when"] == "event")
    earlier = {"at_ns": STARTED + 5 * MS - EARLIER, "started_ns": STARTED - EARLIER}
    run.instances.insert(run.instances.index(before), {**before, "at_ns": ASKED - MS - EARLIER})
    run.instances.insert(run.instances.index(before), {**event, **earlier})
    before.update(restart_count=1, started_ns=STARTED - EARLIER)
    event["restart_count"] = 2
    loop = entry(action("crash_loop", "crashes", service="product"), None, ASKED - EARLIER - 5 * MS, 3.2)
    run.method[0] = loop
    run.experiment["method"] = [one["activity"] for one in run.method]
    return run


def test_a_loop_with_a_receipt_for_each_crash_passes(run: Run, written: Written) -> None:
    verdict = judge(written(passing(run)))
    assert verdict.verdict == Outcome.PASS, verdict.reasons
    assert [one.proved for one in verdict.receipts] == [True, True]


def death(at: int, instance: str = INSTANCE) -> list[dict[str, Any]]:
    base = {"service": "product", "instance": instance, "signal": None, "health": None, "seen_ns": at}
    return [
        {**base, "at_ns": at, "kind": "die", "exit_code": 137},
        {**base, "at_ns": at + 100 * MS, "kind": "start", "exit_code": None},
    ]


SPOILS: dict[str, tuple[Callable[[Run], Any], str]] = {
    "a death between two crashes": (
        lambda r: r.events.__setitem__(slice(2, 2), death(STARTED - EARLIER + S)),
        "no fault of this run explains it",
    ),
    "a death after the last crash": (lambda r: r.events.extend(death(END - S)), "no fault of this run explains it"),
    "somebody killed it between two crashes": (
        lambda r: r.events.insert(2, {**r.events[0], "at_ns": STARTED - EARLIER + 100 * MS, "kind": "kill"}),
        "somebody else sent a signal",
    ),
    "a crash without a death of its own": (
        lambda r: r.events.__setitem__(slice(0, 2), []),
        "not proved",
    ),
    "a restart that nobody counted": (
        lambda r: next(one for one in reversed(r.instances) if one["when"] == "event").update(restart_count=3),
        "the restart count went from 1 to 3",
    ),
    "two loops asked for, one made": (
        lambda r: (r.method.insert(0, r.method[0]), r.experiment["method"].insert(0, r.method[0]["activity"])),
        "2 action(s) “crash_loop” ran, 1 left a record",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_loop_that_is_not_proved_whole_is_inconclusive(name: str, run: Run, written: Written) -> None:
    spoil, sentence = SPOILS[name]
    spoil(passing(run))
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.INCONCLUSIVE
    assert any(sentence in reason.sentence for reason in verdict.reasons), verdict.reasons


def test_a_loop_of_one_crash_is_no_loop(run: Run, written: Written) -> None:
    run.faults = [{**line, "loop": "loop"} for line in run.faults]
    evidence = written(run)
    assert [one for one in unproved(evidence, receipts(evidence)) if "only once" in one]


def test_degraded_answers_after_a_closing_between_two_crashes_are_explained(run: Run, written: Written) -> None:
    """The trial of the first crash's open breaker closes it while the last crash is asked for, but not yet there."""
    passing(run)
    first, *moves = run.breakers
    early = [{**one, "at_ns": one["at_ns"] - EARLIER, "seq": n} for n, one in enumerate(moves[:2], 1)]
    closed = {**moves[2], "at_ns": ASKED + MS, "seq": 3}
    run.breakers = [first, *early, closed, *({**one, "seq": n} for n, one in enumerate(moves, 4))]
    claim = FIGURES["degraded_outside_fault"](written(run), service="product", breaker="product")
    assert claim == 0


def test_degraded_answers_after_the_breaker_closed_for_good_are_not(run: Run, written: Written) -> None:
    degrade_at(passing(run), CLOSED + S)
    assert FIGURES["degraded_outside_fault"](written(run), service="product", breaker="product") == 1


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
