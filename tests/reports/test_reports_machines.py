"""Faults that only several machines can have are proved by manager and engines; each proof can fail."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, MS, STARTED, S, action, entry
from test_reports_swarm import swarmed

from reports.evidence.reader import Evidence
from reports.figures import receipt
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]
Reading = dict[str, Any]
OVER = STARTED + 200 * MS
WELL = {"node": "node2", "node_state": "ready", "availability": "active", "running_there": 1}
SHOWN: dict[str, tuple[Reading, Reading]] = {
    "node_down": (
        {**WELL, "machine": "running"},
        {**WELL, "node_state": "down", "running_there": -1, "machine": "stopped"},
    ),
    "node_drain": (WELL, {**WELL, "availability": "drain", "running_there": 0}),
    "node_partition": (
        {**WELL, "machine": "running", "in_place": False, "packets": 0},
        {**WELL, "node_state": "down", "machine": "running", "in_place": True, "packets": 9},
    ),
    "bad_update": (
        {"update_state": "none", "failed_tasks": 0, "runs_as_before": True},
        {"update_state": "rollback_completed", "failed_tasks": 1, "runs_as_before": True},
    ),
}


def broken(run: Run, kind: str) -> Run:
    """The built run with this fault in the place of the crash."""
    swarmed(run)
    run.faults = [{**fault, "fault": kind} for fault in run.faults]
    run.faults.append({**run.faults[0], "phase": "undone", "at_ns": OVER})
    before, during = SHOWN[kind]
    for when, at, found in (
        ("before", ASKED - MS, before), ("during", ASKED + S // 2, during), ("during", OVER - MS, during),
    ):  # fmt: skip
        lines = [{"fault": "f1", "at_ns": at, "when": when, "what": what, "value": v} for what, v in found.items()]
        run.readings.extend(lines)
    crash = entry(action(kind, "product suffers", service="product"), None, ASKED - 5 * MS, 0.12)
    run.method[0] = crash
    run.experiment["method"][0] = crash["activity"]
    return run


def change(run: Run, what: str, value: Any, when: str = "during", last: bool = False) -> None:
    """Change a reading: all of them, or the last one alone."""
    found = [line for line in run.readings if line["what"] == what and line["when"] == when]
    for line in found[-1:] if last else found:
        line["value"] = value


@pytest.mark.parametrize("kind", SHOWN)
def test_a_fault_of_a_machine_is_proved_and_explains_what_ended_there(kind: str, run: Run, written: Written) -> None:
    evidence = written(broken(run, kind))
    assert receipt(evidence, evidence.faults[0]).proved
    assert "no fault of this run explains it" not in str(judge(evidence).reasons)


SPOILS: dict[str, tuple[str, Callable[[Run], Any], str]] = {
    "the manager never missed it": ("node_down", lambda r: change(r, "node_state", "ready"), "did not take the node"),
    "it came back too early": ("node_down", lambda r: change(r, "node_state", "ready", last=True), "all the time"),
    "the machine was on": ("node_down", lambda r: change(r, "machine", "running", last=True), "was not off all"),
    "off before": ("node_down", lambda r: change(r, "machine", "stopped", "before"), "did not run before it"),
    "down before": ("node_down", lambda r: change(r, "node_state", "down", "before"), "was not ready and active"),
    "still active": ("node_drain", lambda r: change(r, "availability", "active", last=True), "was not drain"),
    "something ran on": ("node_drain", lambda r: change(r, "running_there", 1), "went on running"),
    "nobody could ask": ("node_drain", lambda r: change(r, "running_there", -1), "nobody could ask"),
    "nothing had run there": (
        "node_drain",
        lambda r: change(r, "running_there", 0, "before"),
        "nothing ran on the node",
    ),
    "dead, not cut off": ("node_partition", lambda r: change(r, "machine", "stopped"), "not merely cut off"),
    "no packet dropped": ("node_partition", lambda r: change(r, "packets", 0), "counted no packet"),
    "rules gone": ("node_partition", lambda r: change(r, "in_place", False, last=True), "not in place all the time"),
    "an update that worked": ("bad_update", lambda r: change(r, "update_state", "completed"), "did not say"),
    "no task failed": ("bad_update", lambda r: change(r, "failed_tasks", 0), "no copy of the update failed"),
    "an update before": (
        "bad_update",
        lambda r: change(r, "update_state", "updating", "before"),
        "being updated before",
    ),
    "never undone": ("node_drain", lambda r: r.faults.pop(), "nothing says that it was undone"),
    "never read": ("node_down", lambda r: r.readings.clear(), "nothing was read back"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_what_manager_and_engines_do_not_show_is_not_proved(name: str, run: Run, written: Written) -> None:
    kind, spoil, why = SPOILS[name]
    spoil(broken(run, kind))
    evidence = written(run)
    found = receipt(evidence, evidence.faults[0])
    assert not found.proved
    assert why in found.sentence
    assert judge(evidence).verdict != Outcome.PASS


def test_a_drained_node_does_not_explain_a_death_on_another_one(run: Run, written: Written) -> None:
    broken(run, "node_drain")
    run.events.append({**run.events[0], "at_ns": ASKED + S, "node": "node3", "instance": "product.2"})
    assert "product died at" in " ".join(reason.sentence for reason in judge(written(run)).reasons)


def test_a_bad_update_does_not_explain_a_death_of_another_service(run: Run, written: Written) -> None:
    broken(run, "bad_update")
    run.events.append({**run.events[0], "at_ns": ASKED + S, "service": "order", "instance": "order.1"})
    assert "order died at" in " ".join(reason.sentence for reason in judge(written(run)).reasons)


def test_a_kill_long_after_the_undo_is_somebody_elses(run: Run, written: Written) -> None:
    broken(run, "node_down")
    run.events.append({**run.events[0], "at_ns": OVER + 16 * S, "kind": "kill", "signal": 9, "exit_code": None})
    assert "somebody else sent a signal to product" in " ".join(one.sentence for one in judge(written(run)).reasons)
