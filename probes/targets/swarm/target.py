"""The Swarm target: one stack, found by its label, its copies reached at the engine of the machine they run on."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container

from probes.errors import NotOurs, StackNotUp, TargetError, UnknownService
from probes.targets.api import EventSink, Instance, System
from probes.targets.docker.compose import Compose
from probes.targets.docker.crash import crash_container
from probes.targets.docker.engine import asked
from probes.targets.swarm.copies import Copies
from probes.targets.swarm.deploying import Deployment, told
from probes.targets.swarm.engines import Engines, unavailable
from probes.targets.swarm.events import watching
from probes.targets.swarm.machines import Nodal
from probes.targets.swarm.places import places_of, remove_places
from probes.targets.swarm.stackfile import stack_file
from probes.targets.swarm.tasks import NAMESPACE, Task, instance_from, service_from, short, slots

__all__ = ["SwarmTarget"]

_HEALTHY_S = 120.0
_EVERY_S = 0.2
_ASKED_S = 8.0


class SwarmTarget(Copies, Nodal):
    """A stack of a swarm.

    With `compose_files`, each laid over those before it, it is our own stack, which may be deployed; without, a user's
    own that runs already. `environment` names the manager (DOCKER_HOST or DOCKER_CONTEXT) and the machines
    (STEHAUF_SWARM_NODES); None: this process' own.
    """

    name = "swarm"

    def __init__(self, project: str, *compose_files: Path, environment: Mapping[str, str] | None = None) -> None:
        self.project = project
        self.is_own = bool(compose_files)
        self._engines = Engines(environment, _ASKED_S)
        self._deployment = Deployment(self._engines, project)
        self._compose = Compose(project, compose_files, self._engines.environment) if compose_files else None
        self._declared: tuple[str, ...] | None = None

    def services(self) -> tuple[str, ...]:
        """Names of the services: those that are deployed, else those that our stack declares."""
        found = tuple(sorted(short(raw["Spec"]["Name"], self.project) for raw in self._services()))
        if found or self._compose is None:
            return found
        if self._declared is None:
            self._declared = tuple(sorted(self._compose.config()["services"]))
        return self._declared

    def instances(self, service: str) -> tuple[Instance, ...]:
        """Every slot of a service, that with the oldest task first."""
        full = f"{self.project}_{service}"
        if not any(raw["Spec"]["Name"] == full for raw in self._services()):
            there = self.services()
            if service in there:
                return ()
            raise UnknownService(
                f"The stack {self.project} has no service {service!r}; it has {', '.join(there) or 'none at all'}."
            )
        found = slots(self._tasks_of(service))
        names = {node.id: node.name for node in self._engines.nodes()}
        return tuple(instance_from(service, slot, names, self._inspected(slot[-1], names)) for slot in found)

    def describe(self) -> System:
        """The system under test as the manager has it."""
        services = self._services()
        if not services:
            raise StackNotUp(self._nothing_there())
        with asked("tell its version"):
            version = self._engines.manager().version()["Version"]
        nodes = ", ".join(
            f"{node.name} ({'manager' if node.is_manager else 'worker'})" for node in self._engines.nodes()
        )
        declared = [service_from(raw, self.project, self._digest(raw)) for raw in services]
        declared.sort(key=lambda each: each.name)
        return System(self.name, self.project, f"Docker {version}, Swarm of {nodes}", tuple(declared))

    def watch(self, sink: EventSink, failed: Callable[[str], None]) -> AbstractContextManager[None]:
        """Follow the events of every machine's engine."""
        return watching(self._engines, self.project, sink, failed)

    def crash(self, instance: Instance) -> None:
        """Kill all its processes from inside, by the engine of its machine; never through the front door."""
        container, now = self._ours(instance)
        with asked(f"crash {now.id} on {now.node}"):
            crash_container(self._engines.engine(now.node), container)

    def start(self, instance: Instance) -> None:
        """Nothing to do: the swarm itself replaces what has ended. Raises NotOurs."""
        self._now(instance)

    def strays(self) -> tuple[tuple[str, str], ...]:
        """What a load on nodes left, or one that runs; and what disturbs networks."""
        loads = [
            (str(each.name), f"{each.name}: where a load ran on a node of the swarm is not removed")
            for each in places_of(self._engines, self.project)
        ]
        return (*loads, *self._left_in_networks())

    def sweep(self) -> tuple[str, ...]:
        """Remove all of it."""
        loads = [f"{name}: removed, a load ran there" for name in remove_places(self._engines, self.project)]
        return (*loads, *self._sweep_networks())

    def is_up(self) -> bool:
        """Whether any service of the stack is deployed."""
        return bool(self._services())

    def up(self, progress: Callable[[str], None]) -> None:
        """Deploy it and wait until every copy is healthy; on failure take down what this call deployed."""
        compose = self._own()
        stack, was_up = stack_file(compose.config()), self.is_up()
        try:
            self._deployment.deploy(stack)
            self._wait_healthy(stack, progress)
        except BaseException:
            if not was_up and self.is_up():
                self._deployment.remove()
            raise

    def down(self) -> None:
        """Take the stack away, with its volumes on every machine; no-op where it is not there."""
        self._own()
        if self.is_up():
            self._end_all_helpers()
            self._deployment.remove()
        else:
            self.sweep()

    def _wait_healthy(self, stack: Mapping[str, Any], progress: Callable[[str], None]) -> None:
        deadline, seen = time.monotonic() + _HEALTHY_S, set[str]()
        while True:
            missing = []
            for service, declared in stack["services"].items():
                there = self.instances(service)
                well = [one for one in there if one.state == "running" and one.health in {"healthy", "none"}]
                for one in well:
                    told(progress, seen, f"{one.id} is healthy on {one.node}")
                wanted = declared["deploy"].get("replicas", 1)
                if len(well) < wanted:
                    missing.append(f"{service} ({len(well)} of {wanted}{self._why_not(service)})")
            if not missing:
                return
            if time.monotonic() > deadline:
                raise TargetError(
                    f"The stack {self.project} did not get healthy within {_HEALTHY_S:g} s: {', '.join(missing)}"
                )
            time.sleep(_EVERY_S)

    def _why_not(self, service: str) -> str:
        """What the manager last said of a task that does not come up."""
        tasks = self._tasks_of(service)
        said = [task["Status"].get("Err") for task in tasks]
        return next((f": {why}" for why in said if why), "")

    def _services(self) -> list[dict[str, Any]]:
        with asked(f"list the services of {self.project}"):
            label = {"label": f"{NAMESPACE}={self.project}"}
            found: list[dict[str, Any]] = self._engines.api().services(filters=label)
        return found

    def _digest(self, raw: Mapping[str, Any]) -> str:
        """Of the image as the first machine that answers has it."""
        image = raw["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
        for name in self._engines.endpoints():
            if client := self._engines.reachable(name):
                with asked(f"look for the image {image} on {name}"):
                    return str(client.images.get(image).id)
        return ""

    def _inspected(self, task: Task, names: Mapping[str, str]) -> dict[str, Any] | None:
        """The container of a task by its machine's engine; None where there is none yet, or nobody to ask."""
        id_ = (task["Status"].get("ContainerStatus") or {}).get("ContainerID")
        node = names.get(task.get("NodeID") or "")
        client = self._engines.reachable(node) if id_ and node else None
        if id_ is None or client is None:
            return None
        try:
            with asked(f"look at {id_[:12]} on {node}"):
                found: dict[str, Any] = client.api.inspect_container(id_)
        except TargetError as error:
            if isinstance(error.__cause__, NotFound):
                return None
            raise
        return found

    def _now(self, instance: Instance) -> Instance:
        """The slot as it is now. Raises NotOurs."""
        try:
            there = self.instances(instance.service)
        except UnknownService as error:
            raise NotOurs(f"{instance.id!r} is no instance of {self.project}; nothing was done to it.") from error
        found = next((one for one in there if one.id == instance.id), None)
        if found is None:
            raise NotOurs(f"There is no instance {instance.id!r} in the stack {self.project}; nothing was done.")
        if instance.task and instance.task != found.task:
            raise TargetError(f"{instance.id} was replaced by a new task meanwhile; nothing was done to it")
        return found

    def _ours(self, instance: Instance) -> tuple[Container, Instance]:
        """The container of a running slot, which carries the stack's label. Raises NotOurs, TargetError."""
        now = self._now(instance)
        return self._container(now), now

    def _container(self, now: Instance) -> Container:
        """That of a slot as it was just seen, by its task. Raises NotOurs, TargetError."""
        if now.state not in {"running", "paused"}:
            raise TargetError(f"{now.service} is {now.state}, not running: wait until the swarm runs it again.")
        client = self._engines.reachable(now.node)
        if client is None:
            raise unavailable(now.node)
        labels = [f"{NAMESPACE}={self.project}", f"com.docker.swarm.task.id={now.task}"]
        with asked(f"find the container of {now.id} on {now.node}"):
            found = client.containers.list(filters={"label": labels})
        if len(found) != 1:
            raise NotOurs(f"The task of {now.id} has {len(found)} containers on {now.node}; nothing was done.")
        return found[0]

    def _own(self) -> Compose:
        if self._compose is None:
            raise StackNotUp(self._nothing_there() + " It is not ours to deploy or take down.")
        return self._compose

    def _nothing_there(self) -> str:
        return f"The swarm has no stack {self.project}: deploy it with `docker stack deploy`."
