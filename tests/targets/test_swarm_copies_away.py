"""A copy in a swarm that nobody can look at, or that was replaced: what the undo of its fault makes of that."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probes.errors import TargetError, TargetUnavailable
from probes.faults.process import Hang
from probes.faults.resources import CpuStarved
from probes.faults.undo import Healable, undo
from probes.run.ledger import Entry
from probes.targets.api import Instance
from probes.targets.swarm import copies
from probes.targets.swarm.copies import Copies
from probes.targets.swarm.engines import Engines, Node

WEB = Instance("web", "web.1", "running", "none", 0, 1, 1, None, node="node2", task="t-old")
LIMITS = {"NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "Memory": 256, "MemorySwap": 256}


@dataclass
class FakeEngines:
    """Two machines, of which the second may be silent, or down."""

    silent: bool = False
    down: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def nodes(self) -> list[Node]:
        second = "down" if self.down else "ready"
        return [Node("1", "node1", "ready", "active", True), Node("2", "node2", second, "active", False)]  # type: ignore[arg-type]

    def reachable(self, name: str) -> object | None:
        return None if name == "node2" and (self.silent or self.down) else self

    def engine(self, _: str) -> Any:
        return SimpleNamespace(containers=SimpleNamespace(list=lambda **_: []))


@dataclass
class Stack(Copies):
    """Its slots as the manager gives them; what is done to a container is written down."""

    slots: list[Instance]
    engines: FakeEngines = field(default_factory=FakeEngines)
    virtual: str = ""
    done: list[str] = field(default_factory=list)
    project = "shop"

    def __post_init__(self) -> None:
        self._engines = cast("Engines", self.engines)

    def instances(self, service: str) -> tuple[Instance, ...]:
        unseen = self.engines.silent or self.engines.down
        there = [replace(one, state="restarting") if unseen and one.node == "node2" else one for one in self.slots]
        return tuple(one for one in there if one.service == service)

    def restore(self, instance: Instance, declared: dict[str, int]) -> None:
        self.done.append(f"restored {instance.task} to {declared['Memory']}")

    def _services(self) -> list[dict[str, Any]]:
        ends = {"VirtualIPs": [{"Addr": self.virtual}]} if self.virtual else {}
        return [{"Spec": {"Name": "shop_web"}, "Endpoint": ends}]

    def _now(self, instance: Instance) -> Instance:
        return next(one for one in self.instances(instance.service) if one.id == instance.id)

    def _container(self, now: Instance) -> Any:
        if now.state not in {"running", "paused"}:
            raise TargetError(f"{now.service} is {now.state}")
        network = {"NetworkSettings": {"Networks": {"a": {"IPAddress": "10.0.1.7"}}}}
        return SimpleNamespace(attrs=network, unpause=lambda: self.done.append("thawed"))


def entry(fault: str, **before: Any) -> Entry:
    return Entry("0123456789ab", fault, "web", "web.1", "a-run", 1, 2, before)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_RUNS_AGAIN_S", 0.2)


@pytest.mark.parametrize("fault", ["hang", "latency", "partition", "cpu_starved"])
def test_what_nobody_can_look_at_is_not_undone(fault: str) -> None:
    """The engine of a machine that runs does not answer: a frozen copy there would stay frozen, struck off."""
    stack = Stack([replace(WEB, state="paused")], FakeEngines(silent=True))
    with pytest.raises(TargetUnavailable, match="node2 does not answer"):
        undo(cast("Healable", stack), entry(fault, declared=LIMITS, task="t-old", means="nfqueue"), within=0.2)
    with pytest.raises(TargetUnavailable, match="node2 does not answer"):
        list(stack._left_in_networks())


def test_a_machine_that_is_down_took_its_faults_with_it() -> None:
    stack = Stack([WEB], FakeEngines(down=True))
    assert stack.disturbed(WEB, "0123456789ab") is None
    stack.settle(WEB, "0123456789ab")
    assert "undone" not in undo(cast("Healable", stack), entry("hang"), within=0.2)


def test_a_frozen_copy_that_is_seen_is_thawed() -> None:
    stack = Stack([replace(WEB, state="paused")])
    Hang.undo(cast("Any", stack), WEB, entry("hang"))
    assert stack.done == ["thawed"]


def test_the_limits_of_the_first_task_are_not_set_on_the_one_that_replaced_it() -> None:
    stack = Stack([replace(WEB, task="t-new")])
    told = undo(cast("Healable", stack), entry("cpu_starved", declared=LIMITS, task="t-old"), within=0.2)
    assert stack.done == []
    assert "was gone already" in told
    CpuStarved.undo(cast("Any", stack), WEB, entry("cpu_starved", declared=LIMITS, task="t-old"))
    assert stack.done == ["restored t-old to 256"]


def test_a_peer_is_cut_off_at_its_own_address_and_at_its_virtual_one() -> None:
    stack = Stack([WEB], virtual="10.0.1.2/24")
    assert stack._inside("web") == ["10.0.1.7", "10.0.1.2"]
    assert stack._inside("nobody") is None


def test_a_peer_that_is_being_replaced_is_waited_for_and_never_passed_over() -> None:
    stack = Stack([replace(WEB, state="restarting")], virtual="10.0.1.2/24")
    with pytest.raises(TargetError, match="web is restarting"):
        stack._inside("web")
    assert Stack([], virtual="10.0.1.2/24")._inside("web") == [], "its virtual address alone cuts off from nobody"
