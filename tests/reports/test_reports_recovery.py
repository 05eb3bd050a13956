"""The last steps of a recovery and what it cost: told from the samples alone, and never better than they are."""

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, BEGIN, CLOSED, DIED, END, MS, STARTED, S, Samples, probe
from evidence_spoils import FAIL, INCONCLUSIVE, Spoils, Written, check, declare, fail_at

from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered, recovery_steps
from reports.figures.band import band_before
from reports.figures.observer import waited_ns
from reports.render import render
from reports.verdict import judge

ANSWERS = STARTED + 640 * MS
"""When the synthetic product answers by itself again."""


def users(run: Run, away: tuple[int, int], slow_until: int = 0) -> Run:
    """Users who ask a hundred times a second: in 5 ms, in 90 ms until `slow_until`, and not at all while it is away."""
    samples = Samples({"kind": "canary", "target": "shop", "url": "http://127.0.0.1:8080/api/products", "rate": 100})
    for due in range(BEGIN, END, 10 * MS):
        gone = away[0] <= due < away[1]
        late = away[1] <= due < slow_until
        samples.add(due, 90.0 if late else 5.0, 503 if gone else 200)
    run.samples = {"canary-shop-21": samples, "canary-product-21": run.samples["canary-product-21"]}
    run.run["recording"] |= {"load": False, "orders": False, "calls": []}
    return run


@pytest.mark.parametrize("lasting", [300, 700, 1_000, 2_345, 5_000])
def test_back_in_band_is_never_told_too_early_and_hardly_too_late(lasting: int, run: Run, written: Written) -> None:
    end = DIED + lasting * MS
    told = ASKED / 1e9 + FIGURES["back_in_band_seconds"](written(users(run, (DIED, end))), service="product")
    assert end / 1e9 - 0.01 <= told <= end / 1e9 + 0.31


def test_slow_answers_are_outside_the_band_as_missing_ones_are(run: Run, written: Written) -> None:
    until = DIED + 3 * S
    evidence = written(users(run, (DIED, DIED + 500 * MS), slow_until=until))
    assert FIGURES["back_in_band_seconds"](evidence, service="product") > (until - ASKED) / 1e9 - 0.06


def test_users_who_noticed_nothing_were_never_outside(run: Run, written: Written) -> None:
    assert FIGURES["back_in_band_seconds"](written(users(run, (0, 0))), service="product") == 0


def test_one_lucky_second_is_no_recovery(run: Run, written: Written) -> None:
    users(run, (DIED, DIED + S))
    samples = run.samples["canary-shop-21"]
    again = DIED + 2_500 * MS, DIED + 4 * S
    samples.rows = [(*r[:3], 503, *r[4:]) if again[0] <= r[0] < again[1] else r for r in samples.rows]
    assert FIGURES["back_in_band_seconds"](written(run), service="product") > (again[1] - ASKED) / 1e9 - 0.01


def test_what_is_not_back_says_how_long_was_watched(run: Run, written: Written) -> None:
    with pytest.raises(NotRecovered, match="not back inside their band") as refused:
        FIGURES["back_in_band_seconds"](written(users(run, (DIED, END))), service="product")
    assert refused.value.observed_s == pytest.approx((END - ASKED) / 1e9, abs=0.1)


def test_too_short_a_time_before_the_fault_makes_no_band(run: Run, written: Written) -> None:
    for samples in run.samples.values():
        samples.rows = [row for row in samples.rows if row[0] > ASKED - 2 * S]
    with pytest.raises(MissingEvidence, match="3 s make a band"):
        FIGURES["back_in_band_seconds"](written(run), service="product")


def test_the_band_is_what_stood_before_the_fault_and_nothing_else(run: Run, written: Written) -> None:
    evidence = written(users(run, (DIED, DIED + 4 * S)))
    band = band_before(evidence.sources["canary:shop"].table, ASKED)
    assert (band.least_per_second, band.most_p95_ms) == (pytest.approx(80, abs=0.5), 20.0)


def test_the_steps_go_on_to_the_last_bad_answer_and_the_band(run: Run, written: Written) -> None:
    evidence = written(users(run, (DIED, CLOSED)))
    steps = {step.key: step for step in recovery_steps(evidence, "product")}
    assert steps["settled"].seconds == FIGURES["settled_seconds"](evidence, service="product")
    assert steps["settled"].resolution_s == 0.01
    assert steps["band"].seconds == FIGURES["back_in_band_seconds"](evidence, service="product")
    assert steps["band"].resolution_s == pytest.approx(0.3)
    order = [step.key for step in recovery_steps(evidence, "product")]
    assert order.index("settled") < order.index("good") < order.index("band")


def test_availability_is_that_of_the_fault_and_not_watered_down_by_the_run(run: Run, written: Written) -> None:
    evidence = written(users(run, (DIED, DIED + S)))
    assert FIGURES["availability"](evidence) == pytest.approx(1 - 100 / 2_100, abs=0.001)
    lasted = (STARTED - DIED) / 1e9
    assert lasted < 1
    assert FIGURES["availability_in_fault"](evidence, service="product") == pytest.approx(0.11, abs=0.02)


def test_the_error_budget_is_what_the_objective_allows(run: Run, written: Written) -> None:
    for n in range(4):
        fail_at(run, "canary-shop-21", ASKED + n * 100 * MS)
    evidence = written(run)
    total = FIGURES["answers"](evidence)
    assert FIGURES["error_budget_spent"](evidence, objective=0.99) == pytest.approx(4 / (total * 0.01))
    for objective in (0, 1, 99.9):
        with pytest.raises(MissingEvidence, match="more than 0 and less than 1"):
            FIGURES["error_budget_spent"](evidence, objective=objective)


def test_slow_is_what_was_answered_late(run: Run, written: Written) -> None:
    run.samples["load-22"].add(END - S, 1_500.0)
    run.samples["load-22"].add(END - S, 5_000.0, 503)
    assert FIGURES["slow_requests"](written(run)) == 1


def claims(run: Run) -> None:
    def up_to(limit: float) -> dict[str, object]:
        return {"type": "range", "range": [0, limit]}

    declare(run, probe("back_in_band_seconds", 1.0, up_to(5), service="product"))
    declare(run, probe("error_budget_spent", 0.0, up_to(1), objective=0.999))
    declare(run, probe("availability_in_fault", 1.0, {"type": "range", "range": [0.99, 1]}, service="product"))
    declare(run, probe("slow_requests", 0, 0))
    declare(run, probe("latency_max_ms", 10.0, up_to(3000), source="load"))
    declare(run, probe("settled_seconds", 1.0, up_to(5), service="product"))


def slowly(run: Run) -> None:
    load = run.samples["load-22"]
    load.rows = [(row[0], 1_200_000, *row[2:]) if row[0] > ASKED else row for row in load.rows]


def fails_at(run: Run, times: int) -> None:
    for n in range(times):
        fail_at(run, "canary-shop-21", ASKED + n * 20 * MS)


BROKEN: Spoils = {
    "never in the band again": (slowly, FAIL, "“back in band seconds”: observed more than"),
    "answers that come late": (slowly, FAIL, "“slow requests”"),
    "a shopper who gave up waiting": (
        lambda r: r.samples["load-22"].add(END - S, 5_000.0, 0),
        FAIL,
        "“latency max ms”: observed 5000",
    ),
    "the budget overdrawn": (lambda r: fails_at(r, 5), FAIL, "“error budget spent”"),
    "users who failed while it was broken": (lambda r: fails_at(r, 5), FAIL, "“availability in fault”"),
    "a relapse": (lambda r: fail_at(r, "canary-shop-21", ASKED + 8 * S), FAIL, "“settled seconds”"),
    "the start not reported": (
        lambda r: setattr(r, "events", [event for event in r.events if event["kind"] != "start"]),
        INCONCLUSIVE,
        "“availability in fault”",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_users_had_to_bear_is_noticed(name: str, written: Written) -> None:
    spoil, outcome, why = BROKEN[name]
    check((lambda run: (claims(run), spoil(run)), outcome, why), written)


def neighbours(run: Run, *changes: tuple[int, bool]) -> None:
    entry = {"address": "172.18.0.2", "device": "br-1"}
    run.neighbours = [{"at_ns": at, **entry, "resolved": resolved} for at, resolved in changes]


def waited(evidence: Evidence) -> int:
    return waited_ns(evidence, evidence.sources["canary:product"], STARTED, ANSWERS + MS)


def test_the_observers_own_wait_is_told_apart(run: Run, written: Written) -> None:
    neighbours(run, (DIED + 50 * MS, False), (ANSWERS - 10 * MS, True))
    evidence = written(run)
    assert waited(evidence) == ANSWERS - 10 * MS - STARTED
    page = render(evidence, judge(evidence))
    assert "Up to 0.63 s of that is the observer&#39;s own" in page


def test_a_service_that_was_reached_and_not_ready_is_no_wait_of_the_observer(run: Run, written: Written) -> None:
    neighbours(run, (DIED + 50 * MS, False), (ANSWERS - 200 * MS, True))
    evidence = written(run)
    assert waited(evidence) == 0
    assert "The observer added nothing to that" in render(evidence, judge(evidence))


def test_an_entry_of_another_time_is_no_wait_of_the_observer(run: Run, written: Written) -> None:
    neighbours(run, (BEGIN, False), (BEGIN + S, True), (END - S, False))
    assert waited(written(run)) == 0
