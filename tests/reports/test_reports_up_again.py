"""Up again, as the target itself reports it: what was not reported has not happened."""

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, END, HEALTHY, STARTED
from evidence_spoils import Written

from reports.figures import FIGURES, MissingEvidence, NotRecovered


def up_again(written: Written, run: Run) -> float:
    return float(FIGURES["up_again_seconds"](written(run), service="product"))


def test_up_is_healthy_where_there_is_a_health_check(run: Run, written: Written) -> None:
    assert up_again(written, run) == pytest.approx((HEALTHY - ASKED) / 1e9)


def test_up_is_started_where_there_is_none(run: Run, written: Written) -> None:
    for service in run.system["services"]:
        service["health_interval_s"] = None
    assert up_again(written, run) == pytest.approx((STARTED - ASKED) / 1e9)


def test_what_never_got_healthy_is_not_up(run: Run, written: Written) -> None:
    run.events = [one for one in run.events if one["at_ns"] != HEALTHY]
    for one in run.instances:
        if one["service"] == "product" and one["at_ns"] > ASKED:
            one["health"] = "unhealthy"
    with pytest.raises(NotRecovered, match="not reported to be healthy again") as refused:
        up_again(written, run)
    assert 0 < refused.value.observed_s <= (END - ASKED) / 1e9 + 5


def test_a_report_that_was_lost_is_no_proof_of_absence(run: Run, written: Written) -> None:
    run.events = [one for one in run.events if one["at_ns"] != HEALTHY]
    with pytest.raises(MissingEvidence, match="no event says when") as refused:
        up_again(written, run)
    assert not isinstance(refused.value, NotRecovered)


def test_without_a_fault_that_ends_it_there_is_nothing_to_tell(run: Run, written: Written) -> None:
    for line in run.faults:
        line["fault"] = "hang"
    with pytest.raises(MissingEvidence, match="no fault that ends product"):
        up_again(written, run)
