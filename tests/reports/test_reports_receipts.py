"""A crash that the target itself does not prove is INCONCLUSIVE."""

import pytest
from evidence_parts import ASKED, DIED, MS, STARTED, S
from evidence_spoils import INCONCLUSIVE, Spoils, Written, check

SPOILS: Spoils = {
    "killed by an operator": (
        lambda r: r.events.insert(0, {**r.events[0], "at_ns": DIED - 30 * MS, "kind": "kill", "signal": 9}),
        INCONCLUSIVE,
        "an operator's kill, not a crash",
    ),
    "killed just before it was asked for": (
        lambda r: r.events.insert(0, {**r.events[0], "at_ns": ASKED - S, "kind": "kill", "signal": 9}),
        INCONCLUSIVE,
        "an operator's kill, not a crash",
    ),
    "the kill reported after the death": (
        lambda r: r.events.append({**r.events[0], "at_ns": DIED + MS, "kind": "kill", "signal": 9}),
        INCONCLUSIVE,
        "an operator's kill, not a crash",
    ),
    "stopped": (
        lambda r: r.events.insert(0, {**r.events[0], "at_ns": DIED - MS, "kind": "stop"}),
        INCONCLUSIVE,
        "an operator's stop",
    ),
    "out of memory": (
        lambda r: r.events.insert(0, {**r.events[0], "at_ns": DIED - MS, "kind": "oom"}),
        INCONCLUSIVE,
        "memory ran out",
    ),
    "ended by another signal": (lambda r: r.events[0].update(exit_code=143), INCONCLUSIVE, "exit code was 143"),
    "no die event": (lambda r: r.events.pop(0), INCONCLUSIVE, "no die event"),
    "died before it was asked for": (lambda r: r.events[0].update(at_ns=ASKED - MS), INCONCLUSIVE, "no die event"),
    "another instance died": (lambda r: r.events[0].update(instance="other"), INCONCLUSIVE, "no die event"),
    "restart not counted": (
        lambda r: [one.update(restart_count=0) for one in r.instances],
        INCONCLUSIVE,
        "restart count went from 0 to 0",
    ),
    "restarted twice": (
        lambda r: [one.update(restart_count=2) for one in r.instances if one["restart_count"] == 1],
        INCONCLUSIVE,
        "restart count went from 0 to 2",
    ),
    "no later start": (
        lambda r: [one.update(started_ns=STARTED) for one in r.instances],
        INCONCLUSIVE,
        "no later time of start",
    ),
    "not inspected before": (
        lambda r: setattr(r, "instances", [one for one in r.instances if one["at_ns"] > DIED]),
        INCONCLUSIVE,
        "from before the death",
    ),
    "not inspected after": (
        lambda r: setattr(r, "instances", [one for one in r.instances if one["at_ns"] < DIED]),
        INCONCLUSIVE,
        "from after the start",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_crash_without_its_receipt_is_no_pass(name: str, written: Written) -> None:
    check(SPOILS[name], written)
