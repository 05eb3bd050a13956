"""Synthetic evidence: by default the run of a `kill-product` that passes. A test takes one thing away."""

import json
from pathlib import Path
from random import Random
from typing import Any

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
    action,
    canary,
    contents,
    entry,
    iso,
    probe,
    state,
)

from reports.evidence.samples import DEGRADED, FAILED_CALL


class Run:
    """Everything that a run leaves, as values to change before `write`."""

    def __init__(self) -> None:
        self.random = Random(7)
        self.method = self._method()
        self.rollbacks = [entry(action("ensure_running", "product runs"), None, END + S)]
        self.journal: dict[str, Any] = {
            "status": "completed",
            "deviated": False,
            "steady_states": {"before": state(), "after": state(), "during": []},
            "run": self.method,
            "rollbacks": self.rollbacks,
        }
        hypothesis = {"title": "the shop works", "probes": [p["activity"] for p in state()["probes"]]}
        self.experiment: dict[str, Any] = {
            "title": "The shop carries on while its catalogue is away",
            "description": "The product service dies, its restart policy brings it back, nobody sees an error.",
            "steady-state-hypothesis": hypothesis,
            "method": [one["activity"] for one in self.method],
            "rollbacks": [one["activity"] for one in self.rollbacks],
        }
        self.run = self._run()
        self.system = self._system()
        self.events = self._events()
        self.instances = self._instances()
        self.faults = [self.fault("asked", ASKED), self.fault("injected", ASKED + 90 * MS)]
        self.readings: list[dict[str, Any]] = []
        self.breakers = self._breakers()
        self.neighbours: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.problems: list[dict[str, Any]] = []
        self.heal: dict[str, Any] | None = {"healed": True, "differences": []}
        self.pulses = [{"at_ns": at, "cpu": 0.11, "late_s": 0.004, "outstanding": 3} for at in range(BEGIN + S, END, S)]
        self.samples = {"canary-shop-21": self._shop(), "canary-product-21": self._product(), "load-22": self._load()}
        self.spans: list[dict[str, Any]] = []
        self.samples["calls-1-20"] = self._calls()
        self.orders = [
            {
                "id": f"o-{n}",
                "at_ns": BEGIN + n * 300 * MS,
                "outcome": "acknowledged",
                "status": 201,
                "state": "accepted",
            }
            for n in range(60)
        ]
        self.orders[20] |= {"status": 202, "state": "queued"}
        self.fulfilments: list[dict[str, Any]] | None = [
            *({"id": order["id"], "at_ns": order["at_ns"] + 20 * MS} for order in self.orders),
            {"complete": True},
        ]

    def fault(self, phase: str, at: int, detail: str = "") -> dict[str, Any]:
        return {
            "id": "f1",
            "phase": phase,
            "at_ns": at,
            "fault": "crash",
            "service": "product",
            "instance": INSTANCE,
            "detail": detail,
        }

    def write(self, directory: Path) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        for name in ("run", "experiment", "journal", "system", "heal"):
            value = getattr(self, name)
            if value is not None:
                (directory / f"{name}.json").write_text(json.dumps(value))
        lines = "events instances faults readings breakers neighbours checks problems fulfilments spans"
        for name in lines.split():
            self._lines(directory / f"{name}.jsonl", getattr(self, name))
        for stem, samples in self.samples.items():
            samples.write(directory / "samples", stem)
        self._lines(directory / "samples" / "orders-22.jsonl", self.orders)
        self._lines(directory / "samples" / "load-22.pulse.jsonl", self.pulses)
        return directory

    @staticmethod
    def _lines(path: Path, lines: list[dict[str, Any]] | None) -> None:
        if lines:
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def _method(self) -> list[dict[str, Any]]:
        within = {"type": "range", "range": [0, 10]}
        crash = entry(action("crash", "product crashes", service="product"), None, ASKED - 5 * MS, 0.12)
        probes = [
            probe("recovery_seconds", 1.2, within, service="product", timeout=30),
            probe("fallback_held", True, True, service="product", part="products"),
            probe("failed_requests", 0, 0),
            probe("degraded_outside_fault", 0, 0, service="product", breaker="product"),
            probe("latency_p95_ms", 20.0, {"type": "range", "range": [0, 500]}),
            probe("lost_orders", 0, 0),
        ]
        probes[-1]["end"] = iso(END + S // 2)
        return [crash, *probes]

    def _run(self) -> dict[str, Any]:
        return {
            "format": 1,
            "run": "20260528T202640Z-kill-product",
            "experiment": {
                "path": "experiments/kill-product.yaml",
                "title": "The shop carries on while its catalogue is away",
                "name": "kill-product",
                "sha256": "9f1c" * 16,
            },
            "target": {"name": "docker", "project": "stehauf", "why": "a Docker engine answers", "overlays": []},
            "clock": {"wall_ns": BEGIN - 8 * S, "monotonic_ns": 1_234_567, "clock": "CLOCK_REALTIME"},
            "versions": {"stehauf": "0.1.0", "python": "3.11.2", "chaostoolkit": "1.19.0", "platform": "Linux"},
            "machine": {"processor": "x86_64", "cores": 2, "memory_gb": 24, "kernel": "Linux 6.18"},
            "configuration": {},
            "command": "chaos run experiments/kill-product.yaml",
            "recording": {
                "load": True,
                "workers": 1,
                "traces": False,
                "canaries": ["shop", "product"],
                "breakers": ["http://127.0.0.1:8080/breakers"],
                "calls": ["http://127.0.0.1:8080/calls"],
                "orders": True,
            },
            "started_ns": BEGIN - 8 * S,
            "ended_ns": END + 3 * S,
            "load_started_ns": BEGIN,
            "load_ended_ns": END,
            "interrupted": None,
            "traces_missing": None,
        }

    def _system(self) -> dict[str, Any]:
        names = {"storefront": 8080, "product": 8081, "order": 8082, "fulfilment": 8083, "broker": 4222}
        return {
            "target": "docker",
            "project": "stehauf",
            "engine": "Docker 26.1.5",
            "services": [
                {
                    "name": name,
                    "restart": "unless-stopped",
                    "image": "stehauf-stack:0.1.0",
                    "digest": "sha256:" + "4be1" * 16,
                    "healthcheck": f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'",
                    "health_interval_s": 2.0,
                    "ports": [f"127.0.0.1:{port}"],
                    "depends_on": ["broker"] if name in {"order", "fulfilment"} else [],
                    "environment": [],
                }
                for name, port in names.items()
            ],
        }

    def _events(self) -> list[dict[str, Any]]:
        base = {"service": "product", "instance": INSTANCE, "exit_code": None, "signal": None, "health": None}
        return [
            {**base, "at_ns": DIED, "seen_ns": DIED + MS, "kind": "die", "exit_code": 137},
            {**base, "at_ns": STARTED, "seen_ns": STARTED + MS, "kind": "start"},
            {**base, "at_ns": HEALTHY, "seen_ns": HEALTHY + MS, "kind": "health", "health": "healthy"},
        ]

    def _instances(self) -> list[dict[str, Any]]:
        def shot(service: str, when: str, at: int, count: int = 0, started: int = BEGIN - 60 * S) -> dict[str, Any]:
            return {
                "service": service,
                "id": INSTANCE if service == "product" else f"{service}-id",
                "state": "running",
                "health": "healthy",
                "restart_count": count,
                "started_ns": started,
                "pid": 4711 + count,
                "exit_code": None,
                "at_ns": at,
                "when": when,
            }

        services = ("storefront", "product", "order", "fulfilment", "broker")
        return [
            *(shot(name, "begin", BEGIN - S) for name in services),
            shot("product", "before-fault", ASKED - MS),
            shot("product", "event", STARTED + 5 * MS, 1, STARTED),
            *(shot(name, "end", END + S, int(name == "product"), STARTED) for name in services),
        ]

    def _breakers(self) -> list[dict[str, Any]]:
        def move(seq: int, at: int, before: str | None, after: str, reason: str) -> dict[str, Any]:
            return {
                "at_ns": at,
                "seen_ns": at + 40 * MS,
                "source": "http://127.0.0.1:8080/breakers",
                "breaker": "product",
                "from": before,
                "to": after,
                "reason": reason,
                "boot": "b-1",
                "seq": seq,
            }

        return [
            move(0, BEGIN, None, "closed", "at the beginning"),
            move(1, OPENED, "closed", "open", "3 failures"),
            move(2, TRIAL, "open", "half-open", "1 s passed"),
            move(3, CLOSED, "half-open", "closed", "the trial call succeeded"),
        ]

    def _shop(self) -> Samples:
        samples = canary("shop", "http://127.0.0.1:8080/api/products")
        last = contents(DIED - 20 * MS, is_degraded=True)
        for due in range(BEGIN, END, 20 * MS):
            latency = self.random.lognormvariate(1.4, 0.35)
            if DIED - 4 * MS <= due < OPENED:
                latency = min((OPENED - due) / MS + 1, 300)
            if DIED - 4 * MS <= due < CLOSED:
                samples.add(due, latency, 200, DEGRADED, last)
            else:
                samples.add(due, latency, 200, 0, contents(due // S))
        return samples

    def _product(self) -> Samples:
        samples = canary("product", "http://127.0.0.1:8081/products")
        for due in range(BEGIN, END, 20 * MS):
            away = DIED <= due < STARTED + 640 * MS
            samples.add(due, 1.0 if away else self.random.lognormvariate(0.6, 0.3), 0 if away else 200)
        return samples

    def _load(self) -> Samples:
        names = ["/api/products", "/api/orders"]
        samples = Samples({"kind": "load", "host": "http://127.0.0.1:8080", "names": names})
        due = BEGIN
        while due < END:
            slow = DIED <= due < OPENED
            flags = DEGRADED if DIED <= due < CLOSED - 30 * MS else 0
            name = int(len(samples.rows) % 6 == 0)
            latency = 60.0 if slow and not name else self.random.lognormvariate(1.6, 0.5)
            samples.add(due, latency, 200, 0 if name else flags, name=name)
            due += int(self.random.expovariate(80) * S) + 1
        return samples

    def _calls(self) -> Samples:
        """What the storefront called: product but for the time in which its breaker was open, order all the time."""
        url = "http://127.0.0.1:8080/calls"
        samples = Samples({"kind": "calls", "url": url, "lost": 0, "names": ["product", "order"]})
        for due in range(BEGIN, END, 20 * MS):
            if not DIED - 4 * MS <= due < CLOSED + MS:
                samples.add(due, 3.0)
            samples.add(due + 7 * MS, 6.0, name=1)
        for begun in (DIED - 4 * MS, DIED + 16 * MS, DIED + 36 * MS):
            samples.add(begun, (OPENED - begun) / MS - 0.1, 0, FAILED_CALL)
        samples.add(TRIAL + MS // 10, (CLOSED - TRIAL) / MS - 0.2)
        return samples
