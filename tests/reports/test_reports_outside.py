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
