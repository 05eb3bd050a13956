"""Figures agree with the plainest way to count, and say so where there is nothing to count."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import (
    ASKED,
    BEGIN,
    CLOSED,
    DIED,
    END,
    HEALTHY,
    INSTANCE,
    MS,
    OPENED,
    STARTED,
    TRIAL,
    S,
    Samples,
    contents,
    record,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered, recovery_steps

Written = Callable[[Run], Evidence]
ROWS = st.lists(
    st.tuples(
        st.integers(BEGIN, END),
        st.integers(0, 2_000_000),
        st.integers(0, 100),
        st.sampled_from([0, 200, 201, 202, 301, 400, 404, 500, 503]),
        st.integers(0, 7),
        st.just(0),
        st.just(0),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(load=ROWS, shop=ROWS)
def test_counts_and_percentiles_agree_with_brute_force(
    load: list[Any], shop: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = Run()
    run.samples["load-22"].rows, run.samples["canary-shop-21"].rows = load, shop
    run.samples["canary-shop-21"].texts = []
    evidence = Evidence(run.write(tmp_path_factory.mktemp("figures")))
    rows = [
        row for stem in ("load-22", "canary-shop-21") for row in record(evidence.directory / f"samples/{stem}.samples")
    ]
    answered = [row for row in rows if 200 <= row[3] < 400]
    good = sum(row[4] == 0 for row in answered)
    degraded = sum(row[4] == 1 for row in answered)
    assert FIGURES["answers"](evidence) == len(rows)
    assert FIGURES["good_answers"](evidence) == good
    assert FIGURES["degraded_answers"](evidence) == degraded
    assert FIGURES["failed_requests"](evidence) == len(rows) - good - degraded
    assert FIGURES["availability"](evidence) == pytest.approx((good + degraded) / len(rows))
    latencies = sorted(row[1] for row in rows)
    for percent, name in ((50, "latency_p50_ms"), (95, "latency_p95_ms"), (99, "latency_p99_ms")):
        rank = max(math.ceil(percent / 100 * len(latencies)), 1)
        assert FIGURES[name](evidence) == latencies[rank - 1] / 1000
    outside = sum(
        row[3] // 100 in (2, 3)
        and row[4] == 1
        and not (row[0] + row[2] * 100_000 <= CLOSED and row[0] + row[1] * 1000 >= ASKED)
        for row in rows
    )
    assert FIGURES["degraded_outside_fault"](evidence, service="product", breaker="product") == outside


def test_users_are_the_load_and_the_first_canary(run: Run, written: Written) -> None:
    """The product's own canary fails while product is away; that is no failed request of a user."""
    evidence = written(run)
    assert FIGURES["failed_requests"](evidence) == 0
    assert FIGURES["failed_requests"](evidence, source="canary:product") > 40
    with pytest.raises(MissingEvidence, match="no samples of 'canary:moon'"):
        FIGURES["failed_requests"](evidence, source="canary:moon")


def test_recovery_is_the_first_good_answer_after_users_had_noticed(run: Run, written: Written) -> None:
    rows = run.samples["canary-shop-21"].rows
    first = min(due + latency * 1000 for due, latency, *rest in rows if due > CLOSED)
    assert FIGURES["recovery_seconds"](written(run), service="product") == pytest.approx((first - ASKED) / 1e9)


def test_recovery_that_nobody_noticed_counts_from_the_start(run: Run, written: Written) -> None:
    samples = run.samples["canary-shop-21"]
    samples.rows = [(*row[:4], 0, *row[5:]) for row in samples.rows]
    first = min(row[0] + row[1] * 1000 for row in samples.rows if row[0] + row[2] * 100_000 >= STARTED)
    assert FIGURES["recovery_seconds"](written(run), service="product") == pytest.approx((first - ASKED) / 1e9)


def test_a_good_answer_before_the_start_is_no_recovery(run: Run, written: Written) -> None:
    """An answer that was on its way while the process died proves nothing."""
    samples = run.samples["canary-shop-21"]
    samples.rows = [(*row[:4], 0, *row[5:]) if OPENED < row[0] < OPENED + 30 * MS else row for row in samples.rows]
    assert FIGURES["recovery_seconds"](written(run), service="product") > 1


def test_what_did_not_come_back_says_how_long_was_watched(run: Run, written: Written) -> None:
    samples = run.samples["canary-shop-21"]
    samples.rows = [(*row[:3], 500 if row[0] > DIED else 200, *row[4:]) for row in samples.rows]
    with pytest.raises(NotRecovered) as refused:
        FIGURES["recovery_seconds"](written(run), service="product")
    assert refused.value.observed_s == pytest.approx((END - ASKED) / 1e9, abs=0.1)


def test_a_lost_start_event_is_missing_evidence_and_no_verdict_on_the_service(run: Run, written: Written) -> None:
    run.events = [event for event in run.events if event["kind"] != "start"]
    with pytest.raises(MissingEvidence, match="no event says when") as refused:
        FIGURES["recovery_seconds"](written(run), service="product")
    assert not isinstance(refused.value, NotRecovered)


def test_steps_come_in_order_with_their_resolution(run: Run, written: Written) -> None:
    steps = {step.key: step for step in recovery_steps(written(run), "product")}
    times = [step.at_ns for step in steps.values()]
    assert times == sorted(times)  # type: ignore[type-var]
    expected = {"asked": ASKED, "died": DIED, "started": STARTED, "open": OPENED, "half-open": TRIAL, "closed": CLOSED}
    assert {key: steps[key].at_ns for key in expected} == expected
    assert steps["healthy"].at_ns == HEALTHY
    assert steps["healthy"].resolution_s == 2.0
    assert steps["good"].resolution_s == pytest.approx(0.0285, abs=0.001)  # its interval, and what the answer took


def test_what_a_late_canary_saw_is_only_that_exact(run: Run, written: Written) -> None:
    """Between two of its requests nobody looked: the first good answer could have come at any time since."""
    canary = run.samples["canary-shop-21"]
    first = next(step.at_ns for step in recovery_steps(written(run), "product") if step.key == "good") or 0
    canary.rows = [row for row in canary.rows if not first - 100 * MS < row[0] < first - 15 * MS]
    late = next(step for step in recovery_steps(written(run), "product") if step.key == "good")
    assert late.at_ns == first
    assert late.resolution_s == pytest.approx(0.11, abs=0.01)


def test_a_look_at_the_broken_service_is_not_called_a_user(run: Run, written: Written) -> None:
    run.run["recording"]["canaries"] = ["product"]
    steps = {step.key: step.name for step in recovery_steps(written(run), "product")}
    assert steps["good"] == "first good answer"
    assert "answering" not in steps


def test_a_death_that_was_felt_earlier_than_reported_is_only_that_exact(run: Run, written: Written) -> None:
    run.events[0]["at_ns"] = DIED + 200 * MS
    died = next(step for step in recovery_steps(written(run), "product") if step.key == "died")
    assert died.resolution_s == pytest.approx(0.2, abs=0.03)


def test_breaker_trips_are_counted_and_failed_trials_are_not(run: Run, written: Written) -> None:
    again = [{**run.breakers[2], "seq": 4, "at_ns": CLOSED + S}, {**run.breakers[2], "to": "open", "from": "half-open"}]
    run.breakers = [*run.breakers[:3], {**again[1], "seq": 3, "at_ns": TRIAL + MS}]
    assert FIGURES["breaker_opened"](written(run), breaker="product") == 1
    with pytest.raises(MissingEvidence, match="never read"):
        FIGURES["breaker_opened"](written(run), breaker="moon")


def test_two_faults_have_two_windows(run: Run, written: Written) -> None:
    """Between the closing after the first fault and the asking for the second, degraded answers count."""
    second = ASKED + 8 * S
    run.faults += [{**line, "id": "f2", "at_ns": line["at_ns"] + 8 * S} for line in run.faults]
    run.breakers += [
        {**line, "seq": line["seq"] + 3, "at_ns": line["at_ns"] + 8 * S} for line in run.breakers if line["from"]
    ]
    load = run.samples["load-22"]
    load.rows = []
    for due in (CLOSED + S, CLOSED + 2 * S, second + S // 2):
        load.add(due, 5, 200, 1)
    assert FIGURES["degraded_outside_fault"](written(run), service="product", breaker="product") == 2


def test_a_fault_that_opened_no_breaker_explains_nothing_of_the_next_ones_window(run: Run, written: Written) -> None:
    run.faults.insert(0, {**run.faults[0], "id": "f0", "at_ns": ASKED - 4 * S})
    run.samples["load-22"].add(ASKED - 2 * S, 5, 200, 1)
    assert FIGURES["degraded_outside_fault"](written(run), service="product", breaker="product") == 1


def test_duplicated_orders_are_counted_by_order(run: Run, written: Written) -> None:
    assert run.fulfilments
    run.fulfilments[:0] = [{"id": "o-3", "at_ns": END}, {"id": "o-3", "at_ns": END}, {"id": "o-4", "at_ns": END}]
    assert FIGURES["duplicated_orders"](written(run)) == 2


def test_the_fallback_needs_content_known_from_before(run: Run, written: Written) -> None:
    samples = Samples(run.samples["canary-shop-21"].about)
    samples.add(DIED, 5, 200, 1, contents(1))
    run.samples["canary-shop-21"] = samples
    with pytest.raises(MissingEvidence, match="from before the fault"):
        FIGURES["fallback_held"](written(run), service="product", part="products")


def test_the_whole_body_differs_where_only_a_part_is_the_same(run: Run, written: Written) -> None:
    evidence = written(run)
    assert FIGURES["fallback_held"](evidence, service="product", part="products") is True
    assert FIGURES["fallback_held"](evidence, service="product") is False


def test_longest_gap_and_downtime_of_the_service_itself(run: Run, written: Written) -> None:
    evidence = written(run)
    away = (STARTED + 640 * MS - DIED) / 1e9
    assert FIGURES["longest_gap_seconds"](evidence, canary="product") == pytest.approx(away, abs=0.06)
    assert FIGURES["downtime_seconds"](evidence, canary="product") == pytest.approx(away, abs=0.03)
    assert FIGURES["downtime_seconds"](evidence) == 0


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_every_figure_says_what_is_missing_in_an_empty_directory(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parameters = inspect.signature(FIGURES[name]).parameters.values()
    needed = {p.name for p in parameters if p.default is p.empty} - {"evidence"}
    arguments = {argument: {"objective": 0.99}.get(argument, "product") for argument in needed}
    with pytest.raises(MissingEvidence):
        FIGURES[name](Evidence(tmp_path_factory.mktemp("empty")), **arguments)


def test_the_instance_is_the_one_hit(run: Run, written: Written) -> None:
    assert written(run).faults[0].instance == INSTANCE
