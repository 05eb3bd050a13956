"""In a swarm a crash is proved by tasks: what an operator kills, updates or drains is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import DIED, MS

from reports.evidence.reader import Evidence
from reports.figures import receipt
from reports.render import render
from reports.render.loops import together
from reports.verdict import Outcome, judge

Written = Callable[[Run], Evidence]
SLOT = "product.1"


def swarmed(run: Run) -> Run:
    """The built run, as a swarm would have left it: another container, another task, the same slot."""
    run.system["target"] = "swarm"
    for fault in run.faults:
        fault["instance"] = SLOT
    for event in run.events:
        new = event["kind"] != "die"
        event |= {"instance": SLOT, "node": "node3" if new else "node2", "task": "t-new" if new else "t-old"}
    for shot in run.instances:
        if shot["service"] == "product":
            new = shot["restart_count"] > 0
            shot |= {"id": SLOT, "restart_count": 0, "task": "t-new" if new else "t-old", "node": "node2"}
            if new:
                shot |= {"replaces": "t-old", "ended_as": "failed", "exit_code": 137, "node": "node3"}
    return run


def after(run: Run) -> list[dict[str, Any]]:
    return [shot for shot in run.instances if shot.get("task") == "t-new"]


def test_a_task_that_failed_and_was_replaced_is_a_crash(run: Run, written: Written) -> None:
    verdict = judge(written(swarmed(run)))
    assert verdict.verdict == Outcome.PASS, verdict.reasons
    (proof,) = verdict.receipts
    facts = dict(proof.facts)
    assert facts["ended as, by the manager"] == "failed"
    assert (facts["task before"], facts["task after"]) == ("t-old", "t-new")
    assert (facts["node before"], facts["node after"]) == ("node2", "node3")


def test_the_report_says_from_which_machines_the_load_came(run: Run, written: Written) -> None:
    here = written(run)
    assert "They came from" not in render(here, judge(here))
    run.samples["load-22"].about["node"] = "node2"
    there = written(run)
    assert "They came from node2, inside the network of the stack." in render(there, judge(there))


def test_a_loop_of_crashes_is_told_by_its_tasks(run: Run, written: Written) -> None:
    evidence = written(swarmed(run))
    one = receipt(evidence, evidence.faults[0])
    crash = replace(one, fault=replace(one.fault, loop="loop"))
    (shown,) = together((crash, crash))
    assert "the swarm replaced it each time" in shown.sentence
    assert dict(shown.facts)["task after the last"] == "t-new"


SPOILS: dict[str, tuple[Callable[[Run], Any], str]] = {
    "docker kill on its node": (
        lambda r: r.events.insert(0, {**r.events[0], "at_ns": DIED - 30 * MS, "kind": "kill", "signal": 9}),
        "an operator's kill, not a crash",
    ),
    "a service update, whose kill was not heard": (
        lambda r: [shot.update(ended_as="shutdown") for shot in after(r)],
        "the task ended as 'shutdown': a crash ends as 'failed'",
    ),
    "the manager does not say how it ended": (
        lambda r: [shot.update(ended_as="") for shot in after(r)],
        "a crash ends as 'failed'",
    ),
    "another exit code by the manager": (
        lambda r: [shot.update(exit_code=1) for shot in after(r)],
        "ended with exit code 1, the engine 137",
    ),
    "the same task started again": (lambda r: r.events[1].update(task="t-old"), "what started was no new task"),
    "the task that died is unknown": (lambda r: r.events[0].update(task=""), "is not the one that inspection showed"),
    "another task died": (lambda r: r.events[0].update(task="t-x"), "is not the one that inspection showed before"),
    "one task in between": (
        lambda r: [shot.update(replaces="t-between") for shot in after(r)],
        "no task that took the place",
    ),
    "no new task by inspection": (
        lambda r: [shot.update(task="t-old") for shot in after(r)],
        "no task that took the place",
    ),
    "nothing started": (lambda r: r.events.__delitem__(slice(1, None)), "no start event"),
    "not inspected afterwards": (
        lambda r: r.instances.__setitem__(slice(None), [one for one in r.instances if one.get("task") != "t-new"]),
        "from after the start",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_what_is_no_crash_of_a_task_is_not_proved(name: str, run: Run, written: Written) -> None:
    spoil, why = SPOILS[name]
    spoil(swarmed(run))
    evidence = written(run)
    found = receipt(evidence, evidence.faults[0])
    assert not found.proved
    assert why in found.sentence
    assert judge(evidence).verdict != Outcome.PASS
