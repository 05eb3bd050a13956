"""The built run, broken by a fault that lasts: what the target shows before it and while it is in place."""

from typing import Any

from evidence_builder import Run
from evidence_parts import ASKED, CLOSED, DIED, INSTANCE, MS, STARTED, S, action, entry

OVER = STARTED + 200 * MS
"""Before the breaker's trial of the built run succeeds."""
SHOWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hang": (
        {"state": "running", "connection_opens": True, "connection_answered": True},
        {"state": "paused", "connection_opens": True, "connection_answered": False},
    ),
    "stall": (
        {"stopped_processes": 0, "connection_opens": True, "connection_answered": True},
        {"stopped_processes": 1, "connection_opens": True, "connection_answered": False},
    ),
    "stop": ({"state": "running"}, {"state": "stopped"}),
    "partition": (
        {"in_place": False, "packets": 0, "means": "iptables DROP", "connection_opens": True},
        {"in_place": True, "packets": 7, "means": "iptables DROP", "connection_opens": False},
    ),
    "latency": (
        {"in_place": False, "packets": 0, "round_trip_ms": 0.5, "asked_ms": 100.0},
        {"in_place": True, "packets": 9, "round_trip_ms": 101.0, "asked_ms": 100.0},
    ),
    "loss": (
        {"in_place": False, "packets": 0, "sent_again": 4},
        {"in_place": True, "packets": 3, "sent_again": 6},
    ),
    "bandwidth": (
        {"in_place": False, "packets": 0, "kbit_s": 900.0, "held_back": 0, "asked_kbit_s": 256.0},
        {"in_place": True, "packets": 3, "kbit_s": 250.0, "held_back": 8, "asked_kbit_s": 256.0},
    ),
    "bad_answers": (
        {"in_place": False, "packets": 0, "spoiled": 0},
        {"in_place": True, "packets": 3, "spoiled": 3},
    ),
    "dns_failure": (
        {"in_place": False, "packets": 0, "name_resolves": True},
        {"in_place": True, "packets": 3, "name_resolves": False},
    ),
    "cpu_starved": (
        {"cpus": 0.0, "throttled_ms": 1.0, "asked_cpus": 0.05},
        {"cpus": 0.05, "throttled_ms": 90.0, "asked_cpus": 0.05},
    ),
    "memory_squeezed": (
        {"memory_bytes": 1 << 27, "asked_bytes": 1 << 26},
        {"memory_bytes": 1 << 26, "asked_bytes": 1 << 26},
    ),
    "disk_full": (
        {"filled": False, "free_bytes": 1 << 25, "size_bytes": 1 << 26},
        {"filled": True, "free_bytes": 0, "size_bytes": 1 << 26},
    ),
}


def event(kind: str, at: int, **more: Any) -> dict[str, Any]:
    base = {"exit_code": None, "signal": None, "health": None, **more}
    return {"service": "product", "instance": INSTANCE, "at_ns": at, "seen_ns": at + MS, "kind": kind, **base}


EVENTS: dict[str, list[dict[str, Any]]] = {
    "hang": [event("pause", DIED), event("resume", OVER)],
    "stop": [
        event("kill", DIED - MS, signal=15),
        event("stop", DIED + MS),
        event("die", DIED, exit_code=0),
        event("start", OVER),
    ],
}


def lasting(run: Run, kind: str) -> Run:
    """The built run, broken by a fault of another kind: the same outage, ended by its undo."""
    before, during = SHOWN[kind]
    run.events = list(EVENTS.get(kind, []))
    for one in run.instances:
        one["restart_count"], one["started_ns"] = 0, 1
    run.faults = [{**run.fault(phase, at), "fault": kind} for phase, at in
                  (("asked", ASKED), ("injected", ASKED + 90 * MS), ("undone", OVER))]  # fmt: skip
    run.readings = [
        {"fault": "f1", "at_ns": at, "when": when, "what": what, "value": value}
        for when, at, shown in (
            ("before", ASKED - MS, before),
            ("during", ASKED + 100 * MS, during),
            ("during", OVER - 9 * MS, during),
            ("after", OVER + 9 * MS, before),
        )
        for what, value in shown.items()
    ]
    broken = entry(action(kind, "product is broken", service="product"), None, ASKED - 5 * MS, 0.12)
    run.method[0] = broken
    run.method[1]["output"] = (CLOSED - OVER) / S
    run.experiment["method"][0] = broken["activity"]
    return run


def changed(run: Run, when: str, what: str, value: Any) -> None:
    """The last reading of that kind says something else."""
    last = [one for one in run.readings if (one["when"], one["what"]) == (when, what)][-1]
    last["value"] = value
