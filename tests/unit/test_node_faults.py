"""Faults of machines: whom they spare, and that they are undone whatever became of the stack."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from probes.errors import ConfigurationError, FaultNotPossible, TargetDegraded, TargetError
from probes.faults.kinds import require
from probes.faults.nodes import BadUpdate, NodeDown, NodeDrain, NodePartition, Workers
from probes.faults.selection import select
from probes.faults.undo import undo
from probes.nodes import node_drain
from probes.run.ledger import Entry, Ledger
from probes.run.leftovers import heal_all
from probes.targets.abilities import Drainable, Powered, Updatable
from probes.targets.api import Instance
from probes.targets.memory import MemoryTarget
from probes.targets.swarm import SwarmTarget
from probes.targets.swarm.engines import Node


def copy(number: int, node: str) -> Instance:
    return Instance("web", f"web.{number}", "running", "healthy", 0, number, 1, None, node)


@dataclass
class Machines:
    """A swarm of values: a manager and two workers."""

    nodes: dict[str, Node] = field(
        default_factory=lambda: {
            name: Node(f"id-{name}", name, "ready", "active", name == "m") for name in ("m", "w1", "w2")
        }
    )
    copies: tuple[Instance, ...] = (copy(1, "m"), copy(2, "w1"))
    strangers: tuple[str, ...] = ()
    on: dict[str, bool] = field(default_factory=lambda: {"m": True, "w1": True, "w2": True})
    stays_off: bool = False
    arguments: list[str] = field(default_factory=lambda: ["serve"])
    updated: str = ""
    name: str = "swarm"

    def services(self) -> tuple[str, ...]:
        return ("web",) if self.copies else ()

    def instances(self, service: str) -> tuple[Instance, ...]:  # noqa: ARG002 - the Protocol's
        return self.copies

    def describe(self) -> Any:
        raise NotImplementedError

    def is_up(self) -> bool:
        return bool(self.copies)

    def node(self, name: str) -> Node:
        return replace(self.nodes[name], state="ready" if self.on[name] else "down")

    def running_on(self, name: str) -> int | None:
        return sum(one.node == name for one in self.copies) if self.on[name] else None

    def strangers_on(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - the Protocol's
        return self.strangers

    def set_availability(self, name: str, availability: Any) -> None:
        self.nodes[name] = replace(self.nodes[name], availability=availability)

    def machine(self, name: str) -> Instance:
        return Instance(name, name, "running" if self.on[name] else "stopped", "none", 0, 1, 1, None)

    def power_off(self, name: str) -> None:
        self.on[name] = False

    def power_on(self, name: str) -> None:
        self.on[name] = not self.stays_off

    def runs(self, service: str) -> list[str]:  # noqa: ARG002 - the Protocol's
        return self.arguments

    def update_state(self, service: str) -> str:  # noqa: ARG002 - the Protocol's
        return self.updated

    def roll_back(self, service: str) -> None:  # noqa: ARG002 - the Protocol's
        self.arguments, self.updated = ["serve"], "rollback_completed"


def entry(kind: str, before: dict[str, Any], instance: str = "web.2") -> Entry:
    return Entry("f1", kind, "web", instance, "run", 1, 2, before)


def test_the_swarm_can_do_them_and_no_other_target() -> None:
    for needs in (Drainable, Powered, Updatable):
        assert issubclass(SwarmTarget, needs)
    with pytest.raises(FaultNotPossible, match="A target that can: swarm"):
        require(MemoryTarget(iter(range(9)).__next__), NodeDown.needs, "node_down")


def test_only_copies_on_workers_are_chosen_from() -> None:
    assert [one.id for one in select(Workers(Machines()), "web").instances] == ["web.2"]  # type: ignore[arg-type]
    with pytest.raises(FaultNotPossible, match="no manager of the swarm is broken"):
        select(Workers(Machines(copies=(copy(1, "m"),))), "web")  # type: ignore[arg-type]


def test_a_machine_that_runs_something_else_is_outside_the_blast_radius() -> None:
    with pytest.raises(FaultNotPossible, match=r"more than this stack \(payroll\)"):
        NodeDrain().before(Machines(strangers=("payroll",)), copy(2, "w1"))  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [NodeDown(), NodeDrain(), NodePartition()], ids=lambda one: one.kind)
def test_a_machine_that_is_not_well_is_refused(fault: Any) -> None:
    target = Machines()
    target.set_availability("w1", "drain")
    with pytest.raises(TargetDegraded, match="its availability drain before anything"):
        fault.before(target, copy(2, "w1"))


def test_a_drained_machine_is_healed_though_the_stack_is_gone(tmp_path: Path) -> None:
    target = Machines(copies=())
    target.set_availability("w1", "drain")
    ledger = Ledger(tmp_path, "swarm", "shop")
    ledger.enter(entry("node_drain", {"node": "w1"}))
    (told,) = heal_all(target, ledger)  # type: ignore[arg-type]
    assert "undone (the availability of w1 is drain)" in told
    assert target.node("w1").availability == "active"
    assert list(ledger) == []


def test_an_undo_is_verified_a_machine_that_stays_off_is_told() -> None:
    target = Machines(stays_off=True)
    target.power_off("w1")
    with pytest.raises(TargetError, match="the machine of w1 is off"):
        undo(target, entry("node_down", {"node": "w1"}), within=0)  # type: ignore[arg-type]
    target.stays_off = False
    assert "undone" in undo(target, entry("node_down", {"node": "w1"}), within=5)  # type: ignore[arg-type]


def test_an_update_that_nobody_took_back_is_rolled_back_by_the_undo() -> None:
    target = Machines(arguments=["stehauf-bad-update"], updated="paused")
    told = undo(target, entry("bad_update", {"runs": ["serve"]}), within=5)  # type: ignore[arg-type]
    assert "the bad update is still its declaration" in told
    assert target.arguments == ["serve"]


@dataclass
class Forgetful(Machines):
    """Its manager remembers one task that failed, and no more."""

    failed: list[str] = field(default_factory=list)

    def update(self, service: str, arguments: list[str]) -> None:  # noqa: ARG002 - the Protocol's
        self.arguments = self.failed = arguments
        self.updated = "paused"

    def failed_with(self, service: str, arguments: list[str]) -> int:  # noqa: ARG002 - the Protocol's
        return int(self.failed == arguments)


def test_a_bad_update_is_told_from_the_one_before() -> None:
    target, fault = Forgetful(), BadUpdate()
    for id_ in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        one = replace(entry("bad_update", {"runs": ["serve"]}), id=id_)
        before = fault.read(target, copy(1, "m"), one)  # type: ignore[arg-type]
        assert not fault.shows(before, before)
        fault.inject(target, copy(1, "m"), one)  # type: ignore[arg-type]
        assert fault.shows(before, fault.read(target, copy(1, "m"), one))  # type: ignore[arg-type]
        undo(target, one, within=5)  # type: ignore[arg-type]


def test_an_update_under_way_is_not_joined() -> None:
    with pytest.raises(TargetDegraded, match="being updated already"):
        BadUpdate().before(Machines(updated="updating"), copy(1, "m"))  # type: ignore[arg-type]


def test_one_machine_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Running:
        target = SwarmTarget.__new__(SwarmTarget)

    monkeypatch.setattr("probes.nodes.current", Running)
    with pytest.raises(ConfigurationError, match="one machine at a time"):
        node_drain("web", count=2)
