"""What can be done to a machine of a swarm: drained, without power, cut off; and to a service: a bad update.

Availability is the manager's affair. Power and cable are not: they need the machine itself, so those two can be had
only where the machines are containers of an engine that we reach (STEHAUF_SWARM_MACHINES).
"""

import subprocess
from collections.abc import Mapping
from typing import Any

from probes.errors import FaultNotPossible, TargetError
from probes.targets.abilities import Disturbance
from probes.targets.api import Instance
from probes.targets.docker import DockerTarget
from probes.targets.docker.engine import asked
from probes.targets.swarm.engines import Engines, Node
from probes.targets.swarm.tasks import NAMESPACE, Task

__all__ = ["Nodal"]

_LOCAL = "unix:///var/run/docker.sock"
_UPDATE_S = 30.0


class Nodal:
    """The part of the Swarm target that breaks machines and updates."""

    project: str
    _engines: Engines
    _power: DockerTarget | None = None

    def node(self, name: str) -> Node:
        """As the manager sees it now. Raises TargetError where the swarm has no such machine."""
        found = next((node for node in self._engines.nodes() if node.name == name), None)
        if found is None:
            raise TargetError(f"The swarm has no node {name!r} any more")
        return found

    def running_on(self, name: str) -> int | None:
        """Containers of the stack that run there, by its own engine; None where that does not answer."""
        client = self._engines.reachable(name)
        if client is None:
            return None
        with asked(f"list the containers on {name}"):
            return len(client.containers.list(filters={"label": f"{NAMESPACE}={self.project}"}, ignore_removed=True))

    def strangers_on(self, name: str) -> tuple[str, ...]:
        """Containers there that are not the stack's: what happens to the machine would happen to them."""
        client = self._engines.engine(name)
        with asked(f"list the containers on {name}"):
            there = client.containers.list(ignore_removed=True)
        return tuple(sorted(str(one.name) for one in there if one.labels.get(NAMESPACE) != self.project))

    def set_availability(self, name: str, availability: str) -> None:
        """`active` or `drain`; no-op where it is so. Raises TargetError."""
        found, api = self.node(name), self._engines.api()
        if found.availability == availability:
            return
        with asked(f"set the availability of {name} to {availability}"):
            raw = api.inspect_node(found.id)
            api.update_node(found.id, raw["Version"]["Index"], {**raw["Spec"], "Availability": availability})

    def machine(self, name: str) -> Instance:
        """The machine itself, by the engine whose container it is. Raises FaultNotPossible where it is none."""
        project = self._engines.environment.get("STEHAUF_SWARM_MACHINES")
        if not project:
            raise FaultNotPossible(
                f"The power and the network of the node {name} are out of reach; nothing was done. Where the machines "
                "are containers, STEHAUF_SWARM_MACHINES names their Compose project (stack/swarm/nodes makes such)"
            )
        if self._power is None:
            host = self._engines.environment.get("STEHAUF_SWARM_MACHINES_HOST") or _LOCAL
            self._power = DockerTarget(project, environment={**self._engines.environment, "DOCKER_HOST": host})
        return self._power.instances(name)[0]

    def power_off(self, name: str) -> None:
        """At once: every process of it is killed, the engine's with all the rest. Raises TargetError."""
        self._machines(name).crash(self.machine(name))

    def power_on(self, name: str) -> None:
        """No-op where it runs. Raises TargetError."""
        self._machines(name).start(self.machine(name))

    def cut_off(self, name: str, fault: str, for_seconds: float) -> None:
        """Drop all that it sends and gets, for its containers too; ends by itself. Raises TargetError."""
        self._machines(name).disturb(self.machine(name), Disturbance("partition"), fault, for_seconds)

    def cut(self, name: str, fault: str) -> int | None:
        """Packets that were dropped, by the kernel's count; None: it is not cut off."""
        return self._machines(name).disturbed(self.machine(name), fault)

    def connect(self, name: str, fault: str) -> None:
        """End that; no-op where it is not cut off. Raises TargetError."""
        self._machines(name).settle(self.machine(name), fault)

    def update_state(self, service: str) -> str:
        """What became of the service's last update, in the manager's words; empty: there was none."""
        return str((self._service(service).get("UpdateStatus") or {}).get("State") or "")

    def runs(self, service: str) -> list[str]:
        """What the copies of a service run, as its declaration now says: arguments of the image's entry point."""
        found = self._service(service)["Spec"]["TaskTemplate"]["ContainerSpec"]
        return list(found.get("Args") or [])

    def failed_with(self, service: str, arguments: list[str]) -> int:
        """Tasks of the service that ran these arguments and failed, as far back as the manager remembers."""
        return sum(
            list(task["Spec"]["ContainerSpec"].get("Args") or []) == arguments
            and task["Status"]["State"] in {"failed", "rejected"}
            for task in self._tasks_of(service)
        )

    def policy(self, service: str) -> Mapping[str, Any]:
        """How the service is updated, as declared."""
        return self._service(service)["Spec"].get("UpdateConfig") or {}

    def update(self, service: str, arguments: list[str]) -> None:
        """Have its copies run something else, one after the other as its own policy says. Raises TargetError."""
        self._docker_service("update", "--args", " ".join(arguments), service)

    def roll_back(self, service: str) -> None:
        """Have its copies run what they ran before the last update. Raises TargetError."""
        self._docker_service("rollback", service)

    def _machines(self, name: str) -> DockerTarget:
        self.machine(name)
        if self._power is None:
            raise FaultNotPossible(f"The machine of the node {name} is out of reach; nothing was done")
        return self._power

    def _service(self, service: str) -> dict[str, Any]:
        api = self._engines.api()
        with asked(f"look at the service {service}"):
            found: dict[str, Any] = api.inspect_service(f"{self.project}_{service}")
        if found["Spec"].get("Labels", {}).get(NAMESPACE) != self.project:
            raise TargetError(f"The service {service} is not of the stack {self.project}; nothing was done")
        return found

    def _tasks_of(self, service: str) -> list[Task]:
        api = self._engines.api()
        with asked(f"list the tasks of {service}"):
            found: list[Task] = api.tasks(filters={"service": f"{self.project}_{service}"})
        return found

    def _docker_service(self, what: str, *arguments: str) -> None:
        """By the CLI: the SDK can neither roll back nor leave the rest of a declaration as it is."""
        *options, service = arguments
        self._service(service)
        command = ["docker", "service", what, "--detach", "--quiet", *options, f"{self.project}_{service}"]
        if what == "update":
            command.insert(4, "--no-resolve-image")
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_UPDATE_S, env=self._engines.environment,
                start_new_session=True,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TargetError(f"`docker service {what}` of {service} did not come to an end: {error}") from error
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise TargetError(f"`docker service {what}` of {service} failed: {lines[-1]}")
