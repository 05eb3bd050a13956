"""Faults that only several machines can have: one dies, is drained, is cut off; an update that goes wrong.

The fault of a machine is asked for by a service: the machine is the one on which the chosen instance runs. Its undo
concerns the machine, and so it is done even where the instance, or the whole stack, is gone by then.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from probes.errors import FaultNotPossible, TargetDegraded
from probes.faults.kinds import Readings
from probes.run.ledger import Entry
from probes.targets.abilities import Drainable, Nodes, Powered, Updatable
from probes.targets.api import Event, Instance, System

__all__ = ["BadUpdate", "NodeDown", "NodeDrain", "NodePartition", "Workers"]


def _bad(entry: Entry) -> list[str]:
    """No image has a program of that name: a task that is to run it fails.

    Each fault has a name of its own: a manager remembers few tasks, and for each of ours it forgets one of before.
    """
    return [f"stehauf-bad-update-{entry.id}"]


class Workers:
    """A target without the instances on its managers: who breaks the manager cannot ask it what came of it."""

    def __init__(self, target: Nodes) -> None:
        self._target = target

    def services(self) -> tuple[str, ...]:
        """As the target has them."""
        return self._target.services()

    def describe(self) -> System:
        """As the target is."""
        return self._target.describe()

    def instances(self, service: str) -> tuple[Instance, ...]:
        """Those on workers. Raises FaultNotPossible where there is none."""
        there = self._target.instances(service)
        found = tuple(one for one in there if one.node and not self._target.node(one.node).is_manager)
        if there and not found:
            nodes = ", ".join(sorted({one.node or "none yet" for one in there}))
            raise FaultNotPossible(
                f"{service} runs on {nodes} alone, and no manager of the swarm is broken: nobody could say then what "
                "became of it. Give it a copy on a worker"
            )
        return found


class _OfNode:
    """What faults of a machine have in common."""

    outlives: ClassVar[bool] = True
    """Its undo needs no instance."""

    def _before(self, target: Nodes, instance: Instance) -> dict[str, Any]:
        node = target.node(instance.node)
        if node.state != "ready" or node.availability != "active":
            raise TargetDegraded(
                f"The node {node.name} is {node.state} and its availability {node.availability} before anything was "
                "done to it: breaking it now would prove nothing"
            )
        if strangers := target.strangers_on(node.name):
            raise FaultNotPossible(
                f"On the node {node.name} there is more than this stack ({', '.join(strangers[:3])}): it is outside "
                "the blast radius, and nothing was done. Take a machine that runs nothing else"
            )
        return {"node": node.name}

    def concerns(self, event: Event, entry: Entry) -> bool:
        """What starts again starts on another machine, or after the undo."""
        return False


def _seen(target: Nodes, name: str) -> Readings:
    node = target.node(name)
    running = target.running_on(name)
    return {
        "node": name,
        "node_state": node.state,
        "availability": node.availability,
        "running_there": -1 if running is None else running,
    }


class _OfMachine(_OfNode):
    """What faults have in common that need the machine itself, below the swarm."""

    needs: ClassVar[type] = Powered
    read_s: ClassVar[float] = 45.0

    def before(self, target: Powered, instance: Instance) -> dict[str, Any]:
        """Which machine it is, and that we reach it."""
        target.machine(instance.node)
        return self._before(target, instance)

    def read(self, target: Powered, instance: Instance, entry: Entry) -> Readings:
        """What the manager takes it for, and what it is."""
        name = entry.before["node"]
        return {**_seen(target, name), "machine": target.machine(name).state}


@dataclass(frozen=True, slots=True)
class NodeDown(_OfMachine):
    """The power of a machine is gone, and with it all that runs there."""

    kind: ClassVar[str] = "node_down"

    def inject(self, target: Powered, instance: Instance, entry: Entry) -> None:
        """Kill everything on it at once."""
        target.power_off(entry.before["node"])

    def shows(self, before: Readings, now: Readings) -> bool:
        """The manager has noticed."""
        return now["node_state"] == "down" and now["machine"] == "stopped"

    @staticmethod
    def undo(target: Powered, instance: Instance, entry: Entry) -> None:
        """Power it on."""
        target.power_on(entry.before["node"])

    @staticmethod
    def left(target: Powered, instance: Instance, entry: Entry) -> str:
        """Whether it is back in the swarm, and its engine answers."""
        name = entry.before["node"]
        if target.machine(name).state != "running":
            return f"the machine of {name} is off"
        return _away(target, name)


@dataclass(frozen=True, slots=True)
class NodeDrain(_OfNode):
    """A machine is taken out of service: what it runs is stopped there, and started elsewhere."""

    kind: ClassVar[str] = "node_drain"
    needs: ClassVar[type] = Drainable
    read_s: ClassVar[float] = 30.0

    def before(self, target: Drainable, instance: Instance) -> dict[str, Any]:
        """Which machine it is."""
        return self._before(target, instance)

    def inject(self, target: Drainable, instance: Instance, entry: Entry) -> None:
        """Availability `drain`."""
        target.set_availability(entry.before["node"], "drain")

    def read(self, target: Drainable, instance: Instance, entry: Entry) -> Readings:
        """Its availability, and what still runs there."""
        return _seen(target, entry.before["node"])

    def shows(self, before: Readings, now: Readings) -> bool:
        """Nothing of ours runs there any more."""
        return now["availability"] == "drain" and now["running_there"] == 0

    @staticmethod
    def undo(target: Drainable, instance: Instance, entry: Entry) -> None:
        """Availability `active`."""
        target.set_availability(entry.before["node"], "active")

    @staticmethod
    def left(target: Drainable, instance: Instance, entry: Entry) -> str:
        """Whether it is still drained."""
        availability = target.node(entry.before["node"]).availability
        return "" if availability == "active" else f"the availability of {entry.before['node']} is {availability}"


@dataclass(frozen=True, slots=True)
class NodePartition(_OfMachine):
    """A machine is cut off: it runs on, and nobody reaches it."""

    kind: ClassVar[str] = "node_partition"

    def inject(self, target: Powered, instance: Instance, entry: Entry) -> None:
        """Drop every packet from and to it."""
        for_seconds = ((entry.deadline_ns or entry.asked_ns) - entry.asked_ns) / 1e9
        target.cut_off(entry.before["node"], entry.id, for_seconds)

    def read(self, target: Powered, instance: Instance, entry: Entry) -> Readings:
        """What the manager takes it for, what it is, and what the kernel dropped."""
        packets = target.cut(entry.before["node"], entry.id)
        found = _OfMachine.read(self, target, instance, entry)
        return {**found, "in_place": packets is not None, "packets": packets or 0}

    def shows(self, before: Readings, now: Readings) -> bool:
        """The manager misses it, and it is on."""
        return now["node_state"] == "down" and now["machine"] == "running" and now["in_place"] is True

    @staticmethod
    def undo(target: Powered, instance: Instance, entry: Entry) -> None:
        """Take the rules away."""
        target.connect(entry.before["node"], entry.id)

    @staticmethod
    def left(target: Powered, instance: Instance, entry: Entry) -> str:
        """Whether it is back in the swarm, and nothing is dropped."""
        name = entry.before["node"]
        if target.cut(name, entry.id) is not None:
            return f"{name} is still cut off"
        return _away(target, name)


@dataclass(frozen=True, slots=True)
class BadUpdate:
    """An update is rolled out that cannot work: the first new copy fails."""

    kind: ClassVar[str] = "bad_update"
    needs: ClassVar[type] = Updatable
    read_s: ClassVar[float] = 60.0

    def before(self, target: Updatable, instance: Instance) -> dict[str, Any]:
        """What the copies run now."""
        runs = target.runs(instance.service)
        if target.update_state(instance.service) in {"updating", "rollback_started"}:
            raise TargetDegraded(f"{instance.service} is being updated already: nothing was done")
        return {"runs": runs}

    def inject(self, target: Updatable, instance: Instance, entry: Entry) -> None:
        """Begin the update."""
        target.update(instance.service, _bad(entry))

    def read(self, target: Updatable, instance: Instance, entry: Entry) -> Readings:
        """What became of it."""
        return {
            "update_state": target.update_state(instance.service) or "none",
            "failed_tasks": target.failed_with(instance.service, _bad(entry)),
            "runs_as_before": target.runs(instance.service) == entry.before["runs"],
        }

    def shows(self, before: Readings, now: Readings) -> bool:
        """A copy failed, and the update came to an end, good or bad."""
        return int(now["failed_tasks"]) > int(before["failed_tasks"]) and now["update_state"] in {
            "paused", "rollback_completed", "rollback_paused",
        }  # fmt: skip

    def concerns(self, event: Event, entry: Entry) -> bool:
        """What starts again is not to be broken again."""
        return False

    @staticmethod
    def undo(target: Updatable, instance: Instance, entry: Entry) -> None:
        """Roll back by hand what did not roll back by itself."""
        if target.runs(entry.service) == entry.before["runs"]:
            return
        if target.update_state(entry.service) != "rollback_started":
            target.roll_back(entry.service)

    @staticmethod
    def left(target: Updatable, instance: Instance, entry: Entry) -> str:
        """Whether its copies are to run what they ran."""
        if target.runs(entry.service) != entry.before["runs"]:
            return "the bad update is still its declaration"
        state = target.update_state(entry.service)
        return "it is being rolled back" if state in {"updating", "rollback_started"} else ""


def _away(target: Nodes, name: str) -> str:
    state = target.node(name).state
    if state != "ready":
        return f"the swarm takes {name} for {state}"
    return "" if target.running_on(name) is not None else f"the engine of {name} does not answer"
