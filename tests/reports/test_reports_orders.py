"""The set check: every order that was placed against every one that was fulfilled."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, BEGIN, DIED, END, MS, STARTED, S, probe

from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered
from reports.figures.orders import order_set
from reports.render import render
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]


def placed(run: Run, id_: str, outcome: str, at: int = BEGIN, status: int = 0) -> None:
    run.orders.append({"id": id_, "at_ns": at, "outcome": outcome, "status": status, "state": None})


def fulfilled(run: Run, id_: str) -> None:
    assert run.fulfilments
    run.fulfilments.insert(0, {"id": id_, "at_ns": END})


def test_every_set_of_the_check(run: Run, written: Written) -> None:
    for id_, outcome in (("u1", "unknown"), ("u2", "unknown"), ("r1", "refused"), ("r2", "refused"), ("a", "refused")):
        placed(run, id_, outcome)
    placed(run, "a", "acknowledged")  # asked again with the same id: what binds most counts
    for id_ in ("u1", "r1", "nobody's", "a", "a", "o-0"):
        fulfilled(run, id_)
    assert run.fulfilments
    run.fulfilments = [one for one in run.fulfilments if one.get("id") != "o-1"]
    found = order_set(written(run))
    assert found.lost == {"o-1"}
    assert found.recovered == {"u1"}
    assert found.unexpected == {"r1", "nobody's"}
    assert found.duplicated == {"a", "o-0"}
    assert found.refused == {"r1", "r2"}
    assert len(found.attempted) == 65
    assert len(found.acknowledged) == 61
    assert len(found.ok) == 60


@pytest.mark.parametrize(
    ("figure", "spoil"),
    [
        ("unexpected_orders", lambda run: fulfilled(run, "nobody's")),
        ("unexpected_orders", lambda run: (placed(run, "r", "refused"), fulfilled(run, "r"))),
        ("duplicated_orders", lambda run: fulfilled(run, "o-3")),
        ("lost_orders", lambda run: placed(run, "a", "acknowledged")),
    ],
)
def test_a_broken_promise_fails_its_claim(figure: str, spoil: Callable[[Run], Any], run: Run, written: Written) -> None:
    claim = probe(figure, 0, 0)
    run.method[-1] = claim
    run.experiment["method"][-1] = claim["activity"]
    assert judge(written(run)).verdict == Outcome.PASS
    spoil(run)
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.FAIL
    assert [one.value for one in verdict.claims if one.figure == figure] == [1]


def test_an_order_that_the_experiment_itself_placed_is_expected_and_owed(run: Run, written: Written) -> None:
    directory = written(run).directory
    line = '{"id": "own", "at_ns": 1, "outcome": "acknowledged", "status": 201, "state": "accepted"}\n'
    (directory / "orders.jsonl").write_text(line)
    assert order_set(Evidence(directory)).lost == {"own"}
    fulfilled(run, "own")
    evidence = written(run)
    assert order_set(evidence).lost == order_set(evidence).unexpected == frozenset()


def test_the_experiments_own_order_does_not_stand_in_for_a_load_that_placed_none(run: Run, written: Written) -> None:
    run.orders = [one | {"outcome": "refused"} for one in run.orders]
    evidence = written(run)
    (evidence.directory / "orders.jsonl").write_text('{"id": "own", "at_ns": 1, "outcome": "acknowledged"}\n')
    with pytest.raises(MissingEvidence):
        order_set(evidence)


def back(run: Run, written: Written) -> float:
    return FIGURES["ordering_back_seconds"](written(run), service="product")  # type: ignore[return-value]


def test_how_long_ordering_was_paused(run: Run, written: Written) -> None:
    assert back(run, written) == 0
    for order in run.orders:
        if ASKED <= order["at_ns"] < STARTED + S:
            order |= {"outcome": "refused", "status": 503}
    first = min(order["at_ns"] for order in run.orders if order["at_ns"] >= STARTED + S)
    assert back(run, written) == pytest.approx((first - ASKED) / 1e9)


def test_an_acknowledgement_before_the_service_was_back_is_no_recovery(run: Run, written: Written) -> None:
    placed(run, "x", "refused", DIED - 3 * MS, 503)
    placed(run, "y", "acknowledged", DIED + MS, 201)
    assert back(run, written) > (STARTED - ASKED) / 1e9


def test_ordering_that_never_came_back_is_not_recovered(run: Run, written: Written) -> None:
    for order in run.orders:
        if order["at_ns"] > ASKED:
            order |= {"outcome": "refused", "status": 503}
    with pytest.raises(NotRecovered):
        back(run, written)


def test_an_order_that_the_end_of_the_load_cut_off_says_nothing_of_the_shop(run: Run, written: Written) -> None:
    placed(run, "cut", "unknown", END - S)
    assert back(run, written) == 0
    placed(run, "hung", "unknown", END - 7 * S)
    assert back(run, written) > 0


def test_the_report_shows_the_set_check(run: Run, written: Written) -> None:
    fulfilled(run, "nobody's")
    evidence = written(run)
    page = render(evidence, judge(evidence), "de")
    assert "unerwartet" in page
    assert "<strong>1</strong>" in page
    assert "Eine Bestellung wurde ausgeführt, die abgelehnt oder nie aufgegeben worden war." in page
