"""A fault that lasts is proved by what was read back from the target; each proof can fail."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_lasting import OVER, SHOWN, changed, event, lasting
from evidence_parts import ASKED, CLOSED, DIED, MS, S, action, entry

from reports.evidence.reader import Evidence
from reports.figures import FIGURES, receipt
from reports.figures.steps import recovery_steps
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]


@pytest.mark.parametrize("kind", SHOWN)
def test_it_is_proved_and_the_run_passes(kind: str, run: Run, written: Written) -> None:
    verdict = judge(written(lasting(run, kind)))
    assert verdict.verdict == Outcome.PASS, verdict.reasons
    assert verdict.receipts[0].proved


SPOILS: dict[str, tuple[str, str, str, Any]] = {
    "it was not paused when it was undone": ("hang", "during", "state", "running"),
    "a connection was answered": ("hang", "during", "connection_answered", True),
    "nobody answered before either": ("hang", "before", "connection_answered", False),
    "no process was stopped": ("stall", "during", "stopped_processes", 0),
    "a process was stopped before": ("stall", "before", "stopped_processes", 1),
    "a stalled one answered": ("stall", "during", "connection_answered", True),
    "a stalled one never answered": ("stall", "before", "connection_answered", False),
    "it came up by itself": ("stop", "during", "state", "running"),
    "no packet was dropped": ("partition", "during", "in_place", False),
    "a connection came through": ("partition", "during", "connection_opens", True),
    "it could not be reached before": ("partition", "before", "connection_opens", False),
    "round trips are as before": ("latency", "during", "round_trip_ms", 0.6),
    "no round trip came back": ("latency", "during", "round_trip_ms", -1.0),
    "names resolve": ("dns_failure", "during", "name_resolves", True),
    "names did not resolve before": ("dns_failure", "before", "name_resolves", False),
    "the limit is another": ("cpu_starved", "during", "cpus", 1.0),
    "the limit was there before": ("cpu_starved", "before", "cpus", 0.05),
    "the limit of memory is the old one": ("memory_squeezed", "during", "memory_bytes", 1 << 27),
    "there was room": ("disk_full", "during", "free_bytes", 1 << 20),
    "nothing fills it": ("disk_full", "during", "filled", False),
    "it was full before": ("disk_full", "before", "free_bytes", 0),
    "something filled it before": ("disk_full", "before", "filled", True),
    "it sent as much as before": ("bandwidth", "during", "kbit_s", 900.0),
    "rules were there before": ("loss", "before", "in_place", True),
    "the proxy was gone": ("bad_answers", "during", "in_place", False),
    "rules were gone": ("bandwidth", "during", "in_place", False),
}


@pytest.mark.parametrize("name", SPOILS)
def test_what_the_target_does_not_show_is_not_proved(name: str, run: Run, written: Written) -> None:
    kind, when, what, value = SPOILS[name]
    changed(lasting(run, kind), when, what, value)
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.INCONCLUSIVE
    assert not verdict.receipts[0].proved


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("when", ["before", "during"])
def test_without_a_reading_nothing_is_proved(kind: str, when: str, run: Run, written: Written) -> None:
    lasting(run, kind).readings = [one for one in run.readings if one["when"] != when]
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("kind", SHOWN)
def test_one_value_that_was_not_read_leaves_it_unproved(kind: str, run: Run, written: Written) -> None:
    told = {"packets", "means", "spoiled"}
    for what in [name for name in SHOWN[kind][1] if name not in told]:
        lasting(run, kind).readings = [one for one in run.readings if (one["when"], one["what"]) != ("during", what)]
        if what not in {"asked_ms", "asked_cpus", "asked_bytes", "connection_opens"}:
            assert not receipt(written(run), written(run).faults[0]).proved, what


@pytest.mark.parametrize("kind", ["partition", "loss", "latency", "dns_failure", "bandwidth"])
def test_rules_that_no_packet_met_are_no_fault(kind: str, run: Run, written: Written) -> None:
    for one in lasting(run, kind).readings:
        if one["what"] == "packets":
            one["value"] = 0
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


def test_a_proxy_that_spoiled_nothing_is_no_fault(run: Run, written: Written) -> None:
    for one in lasting(run, "bad_answers").readings:
        if one["what"] == "spoiled":
            one["value"] = 0
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


def test_time_that_was_not_held_back_is_no_starving(run: Run, written: Written) -> None:
    for one in lasting(run, "cpu_starved").readings:
        if one["what"] == "throttled_ms":
            one["value"] = 1.0
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("kind", SHOWN)
def test_a_fault_of_which_nothing_says_that_it_was_undone_is_no_pass(kind: str, run: Run, written: Written) -> None:
    lasting(run, kind).faults.pop()
    assert judge(written(run)).verdict != Outcome.PASS


def test_a_connection_must_have_opened_once_while_it_hung(run: Run, written: Written) -> None:
    """Later the kernel's queue of connections that nobody takes may be full."""
    changed(lasting(run, "hang"), "during", "connection_opens", value=False)
    assert judge(written(run)).verdict == Outcome.PASS
    for one in run.readings:
        if (one["when"], one["what"]) == ("during", "connection_opens"):
            one["value"] = False
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("kind", ["hang", "stop"])
def test_without_the_targets_own_event_it_is_not_proved(kind: str, run: Run, written: Written) -> None:
    lasting(run, kind).events.pop(0 if kind == "hang" else 1)
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("kind", ["hang", "stop", "partition"])
@pytest.mark.parametrize("hand", ["pause", "kill", "stop", "die", "oom"])
def test_another_hand_is_not_explained_by_it(kind: str, hand: str, run: Run, written: Written) -> None:
    lasting(run, kind).events.append(event(hand, CLOSED + S))
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


def test_recovery_counts_from_the_end_of_the_fault(run: Run, written: Written) -> None:
    evidence = written(lasting(run, "hang"))
    seconds = FIGURES["recovery_seconds"](evidence, service="product")
    assert seconds == pytest.approx((CLOSED - OVER) / S, abs=0.05)
    assert [step.key for step in recovery_steps(evidence, "product")][:3] == ["asked", "injected", "open"]


def test_users_that_never_came_back_are_a_fail(run: Run, written: Written) -> None:
    samples = lasting(run, "partition").samples["canary-shop-21"]
    samples.rows = [row if row[0] < OVER else (*row[:3], 0, *row[4:6], 0) for row in samples.rows]
    assert judge(written(run)).verdict == Outcome.FAIL


def test_out_of_memory_wants_the_kernels_word(run: Run, written: Written) -> None:
    for one in run.faults:
        one["fault"] = "out_of_memory"
    run.method[0] = entry(action("out_of_memory", "no memory", service="product"), None, ASKED - 5 * MS, 0.12)
    run.experiment["method"][0] = run.method[0]["activity"]
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE
    run.events.insert(0, event("oom", DIED - 100 * MS))
    assert judge(written(run)).verdict == Outcome.PASS


@pytest.mark.parametrize(
    ("code", "wanted", "proved"),
    [(139, None, True), (0, None, True), (1, None, False), (3, 3, True), (139, 3, False)],
)
def test_a_signal_is_proved_by_the_exit_code(
    code: int, wanted: int | None, proved: bool, run: Run, written: Written
) -> None:
    run.events[0]["exit_code"] = code
    for one in run.faults:
        one |= {"fault": "signal", "number": 11, "exit_code": wanted}
    evidence = written(run)
    assert receipt(evidence, evidence.faults[0]).proved is proved


def died(at: int, *before: dict[str, Any]) -> list[dict[str, Any]]:
    return [*before, event("die", at, exit_code=1), event("start", at + 300 * MS)]


def test_a_service_without_room_may_end_of_itself(run: Run, written: Written) -> None:
    lasting(run, "disk_full").events = died(OVER + S)
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.PASS, verdict.reasons


@pytest.mark.parametrize(
    "events",
    [
        died(OVER + 11 * S),
        died(ASKED - S),
        died(OVER + S, event("kill", OVER + S - MS, signal=9)),
        [{**one, "instance": "f" * 64, "service": "order"} for one in died(OVER + S)],
    ],
    ids=["long after", "before", "by somebody's hand", "another service"],
)
def test_a_death_that_no_full_disk_explains_proves_nothing(
    events: list[dict[str, Any]], run: Run, written: Written
) -> None:
    lasting(run, "disk_full").events = events
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("kind", "what", "value"), [("loss", "sent_again", 4), ("bandwidth", "held_back", 0)])
def test_a_network_that_nobody_felt_is_not_proved(
    kind: str, what: str, value: float, run: Run, written: Written
) -> None:  # fmt: skip
    lasting(run, kind)
    for one in run.readings:
        if (one["when"], one["what"]) == ("during", what):
            one["value"] = value
    assert judge(written(run)).verdict == Outcome.INCONCLUSIVE


def test_segments_sent_again_are_counted_anew_after_a_restart(run: Run, written: Written) -> None:
    changed(lasting(run, "loss"), "before", "sent_again", 40)
    first = next(one for one in run.readings if (one["when"], one["what"]) == ("during", "sent_again"))
    first["value"] = 1
    verdict = judge(written(run))
    assert verdict.receipts[0].proved, verdict.reasons
