"""A breaker judged from outside: who lets each request wait is found out, and so is who needed nothing."""

import pytest
from evidence_builder import Run
from evidence_parts import BEGIN, DIED, END, MS, STARTED, S, Samples
from evidence_spoils import Written

from reports.figures import FIGURES, MissingEvidence

AWAY = (STARTED - DIED) / 1e9


def users(run: Run, *, away_ms: float, status: int = 503, trial_every: int = 0) -> Run:
    """Users who ask two hundred times a second, and wait so long for an answer of that status while it is away."""
    samples = Samples({"kind": "canary", "target": "shop", "url": "http://127.0.0.1:8080/", "rate": 200})
    for number, due in enumerate(range(BEGIN, END, 5 * MS)):
        gone = DIED <= due < STARTED
        slow = 900.0 if trial_every and number % trial_every == 0 else away_ms
        samples.add(due, slow if gone else 5.0, status if gone else 200)
    run.samples = {"canary-shop-21": samples}
    run.run["recording"] |= {"load": False, "orders": False, "calls": [], "canaries": ["shop"]}
    return run


def twice(run: Run, *, second_ms: float, second: int) -> Run:
    """The same fault again eight seconds later: many ask in the first one and are refused at once, few in the second.

    `second`: how many, every 14 ms.
    """
    later = 8 * S
    run = users(run, away_ms=4.0)
    samples = run.samples["canary-shop-21"]
    samples.rows = [row for row in samples.rows if not DIED + later <= row[0] < STARTED + later]
    for due in range(DIED, STARTED, MS // 2):
        samples.add(due, 4.0, 503)
    for due in range(second):
        samples.add(DIED + later + 14 * MS * due, second_ms, 503)
    run.faults += [{**line, "id": "f2", "at_ns": line["at_ns"] + later} for line in run.faults]
    run.events += [{**line, "at_ns": line["at_ns"] + later} for line in run.events]
    return run


def waited(run: Run, written: Written, learned_s: float = 0.1) -> float:
    return float(
        FIGURES["p95_while_away_ms"](written(run), service="product", source="canary:shop", learned_s=learned_s)
    )


def test_who_refuses_at_once_is_quick(run: Run, written: Written) -> None:
    assert waited(users(run, away_ms=4.0), written) == pytest.approx(4, abs=0.1)


def test_who_has_no_breaker_lets_each_request_wait(run: Run, written: Written) -> None:
    assert waited(users(run, away_ms=900.0), written) == pytest.approx(900, abs=1)


def test_few_trial_calls_are_a_breakers_right(run: Run, written: Written) -> None:
    assert waited(users(run, away_ms=4.0, trial_every=40), written) == pytest.approx(4, abs=0.1)


def test_who_was_always_answered_well_shows_nothing(run: Run, written: Written) -> None:
    with pytest.raises(MissingEvidence, match="nothing shows that who asked needed it"):
        waited(users(run, away_ms=4.0, status=200), written)


def test_too_short_an_absence_shows_nothing(run: Run, written: Written) -> None:
    with pytest.raises(MissingEvidence, match="20 are needed"):
        waited(users(run, away_ms=4.0), written, learned_s=AWAY + S / 1e9)


def test_a_breaker_that_missed_one_fault_of_two_is_told_by_that_one(run: Run, written: Written) -> None:
    """Over both, so few waited that they would be the breaker's own trial calls."""
    assert waited(twice(run, second_ms=900.0, second=30), written) == pytest.approx(900, abs=1)


def test_a_fault_in_which_too_few_asked_is_not_made_up_for_by_another(run: Run, written: Written) -> None:
    with pytest.raises(MissingEvidence, match="20 are needed"):
        waited(twice(run, second_ms=4.0, second=15), written)
