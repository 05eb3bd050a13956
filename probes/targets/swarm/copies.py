"""What can be done to a single copy: on the machine where it runs, by the parts of the Docker target.

A fault of a copy concerns its slot, not its task: where the swarm replaces the task meanwhile, on whichever machine,
the undo finds what is there then. What lived in the container that went is gone with it, but for helper containers.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker
from docker.models.containers import Container

from probes.targets.abilities import Carried, Disturbance, Limits, Use
from probes.targets.api import Instance
from probes.targets.docker.containers import name_of, own_addresses, published_ports
from probes.targets.docker.disturbing import Networked, best
from probes.targets.docker.engine import asked
from probes.targets.docker.freezing import freeze, thaw
from probes.targets.docker.helper import Helpers
from probes.targets.docker.limits import Limited
from probes.targets.swarm.engines import Engines, require_image, unavailable
from probes.targets.swarm.tasks import NAMESPACE, short

__all__ = ["Copies"]

_RUNS_AGAIN_S = 15.0
"""The engine reports the start of a task before the manager knows of it, and a replaced one has its image to unpack."""
_EVERY_S = 0.1
_THERE = frozenset({"running", "paused"})


class Copies:
    """The part of the Swarm target that breaks single copies."""

    project: str
    _engines: Engines
    _kernel: frozenset[str] | None = None

    def addresses(self, instance: Instance) -> tuple[tuple[str, int], ...]:
        """Its machine's address, with each port that leads to this copy alone: those published in host mode."""
        now = self._seen(instance)
        if now.state not in _THERE:
            return ()
        address = next((node.address for node in self._engines.nodes() if node.name == now.node), "")
        if not address or address.startswith("127."):
            return ()  # on loopback the engine's own proxy takes every connection
        return tuple((address, outside) for _, _, outside in published_ports(self._container(now).attrs))

    def pause(self, instance: Instance) -> None:
        """Freeze it; no-op where it is frozen. Its engine asks for no health meanwhile, so nobody replaces it."""
        now = self._running(instance)
        container = self._container(now)
        if now.state != "paused":
            with asked(f"pause {now.id} on {now.node}"):
                freeze(container)

    def resume(self, instance: Instance) -> None:
        """Thaw it; no-op where it is not frozen."""
        now = self._seen(instance)
        if now.state == "paused":
            container = self._container(now)
            with asked(f"resume {now.id} on {now.node}"):
                thaw(container)

    def means(self, how: Disturbance) -> str:
        """One that the kernels of all machines have: a copy may be replaced on any of them."""
        if self._kernel is None:
            first, *others = [self._on(name).kernel() for name in self._ready()]
            self._kernel = first.intersection(*others)
        return best(self._kernel, how)

    def disturb(self, instance: Instance, how: Disturbance, fault: str, for_seconds: float) -> None:
        """By a helper on its machine that stays in its namespace until its own time is over."""
        until = time.monotonic() + for_seconds
        self._end_helpers(fault)
        node = self._on(self._running(instance).node)
        node.disturb(instance, how, fault, max(until - time.monotonic(), 0.1))

    def disturbed(self, instance: Instance, fault: str) -> int | None:
        """By the kernel's counters in its namespace."""
        now = self._seen(instance)
        return self._on(now.node).disturbed(instance, fault) if now.state in _THERE else None

    def settle(self, instance: Instance, fault: str) -> None:
        """End the fault's helpers on whichever machine, and take away what one that was killed has left."""
        self._end_helpers(fault)
        now = self._seen(instance)
        if now.state in _THERE:
            self._on(now.node).settle(instance, fault)

    def listens(self, instance: Instance) -> tuple[int, ...]:
        """The TCP ports that its container declares."""
        return self._at(instance).listens(instance)

    def spoiled(self, instance: Instance, fault: str) -> int:
        """By the proxy's own count, read from its container."""
        return self._at(instance).spoiled(instance, fault)

    def carried(self, instance: Instance, fault: str) -> Carried:
        """By the counts of its devices, its TCP and the fault's discipline."""
        return self._at(instance).carried(instance, fault)

    def resolves(self, instance: Instance, name: str) -> bool:
        """With the container's own resolv.conf."""
        return self._at(instance).resolves(instance, name)

    def limits(self, instance: Instance) -> Limits:
        """From its cgroup, read by a helper container on its machine."""
        return self._at(instance).limits(instance)

    def use(self, instance: Instance) -> Use:
        """From its cgroup, read by a helper container on its machine."""
        return self._at(instance).use(instance)

    def declared(self, instance: Instance) -> dict[str, int]:
        """The engine's own settings."""
        return self._at(instance).declared(instance)

    def limit(self, instance: Instance, limits: Limits) -> None:
        """By the engine, on the running container; the task that replaces it has its service's own again."""
        self._on(self._running(instance).node).limit(instance, limits)

    def restore(self, instance: Instance, declared: dict[str, int]) -> None:
        """As they were."""
        self._at(instance).restore(instance, declared)

    def exhaust(self, instance: Instance) -> None:
        """A process inside takes all memory up to the container's limit; the kernel kills the service's own first."""
        self._on(self._running(instance).node).exhaust(instance)

    def _left_in_networks(self) -> Iterator[tuple[str, str]]:
        """The fault's id, and a sentence, for each helper that runs, and for rules of ours."""
        for name in self._ready():
            yield from self._on(name).strays()

    def _sweep_networks(self) -> Iterator[str]:
        for name in self._ready():
            yield from self._on(name).sweep()

    def _end_all_helpers(self) -> None:
        for name in self._ready():
            self._on(name).helpers().end_all()

    def _inside(self, service: str) -> list[str] | None:
        """What others reach the copies of a service at, its virtual address included; None: no such service."""
        raw = next((one for one in self._services() if short(one["Spec"]["Name"], self.project) == service), None)
        if raw is None:
            return None
        virtual = [str(one.get("Addr") or "") for one in (raw.get("Endpoint") or {}).get("VirtualIPs") or []]
        found = [
            address
            for one in self.instances(service)
            for address in own_addresses(self._container(self._running(one)).attrs)
        ]
        return [*found, *(address.partition("/")[0] for address in virtual if address)] if found else []

    def _end_helpers(self, fault: str) -> None:
        for name in self._ready():
            self._on(name).helpers().end(fault)

    def _ready(self) -> list[str]:
        """The machines that run, by name: of one that is down there is nothing to be asked.

        Raises TargetUnavailable for one that runs and does not answer: what is left there nobody knows.
        """
        there = self._ready_names()
        if silent := [name for name in there if self._engines.reachable(name) is None]:
            raise unavailable(silent[0])
        return there

    def _at(self, instance: Instance) -> "_OnNode":
        return self._on(self._seen(instance).node)

    def _on(self, node: str) -> "_OnNode":
        return _OnNode(self, node)

    def _running(self, instance: Instance) -> Instance:
        """The slot as it is now; waits for one that is being replaced. Raises TargetError."""
        deadline = time.monotonic() + _RUNS_AGAIN_S
        while (now := self._seen(instance)).state not in _THERE and time.monotonic() < deadline:
            time.sleep(_EVERY_S)
        return now

    def _seen(self, instance: Instance) -> Instance:
        """The slot as it is now, whichever its task is.

        Raises TargetUnavailable where its machine runs and its engine does not answer: a copy that nobody can look at
        is not one that is gone.
        """
        now = self._now(replace(instance, task=""))
        if now.state not in _THERE and now.node in self._ready_names() and self._engines.reachable(now.node) is None:
            raise unavailable(now.node)
        return now

    def _ready_names(self) -> list[str]:
        return [node.name for node in self._engines.nodes() if node.state == "ready"]

    # -- what the target itself has ---------------------------------------------------------------------------

    def instances(self, service: str) -> tuple[Instance, ...]:
        """Every slot of a service."""
        raise NotImplementedError

    def _services(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def _now(self, instance: Instance) -> Instance:
        raise NotImplementedError

    def _container(self, now: Instance) -> Container:
        raise NotImplementedError


class _OnNode(Networked, Limited):
    """The parts of the Docker target on one machine."""

    def __init__(self, copies: Copies, node: str) -> None:
        self.project = copies.project
        self._environment = copies._engines.environment  # noqa: SLF001 - the two are one, on several machines
        self._copies = copies
        self._node = node

    def helpers(self) -> Helpers:
        """Those of the project on this machine."""
        return self._helpers()

    def kernel(self) -> frozenset[str]:
        """What its kernel has. Raises TargetError where no helper can be made there."""
        self._require_helper()
        return super().kernel()

    def means(self, how: Disturbance) -> str:
        """One that all machines have."""
        return self._copies.means(how)

    def _cgroup(self, instance: Instance) -> dict[str, str]:
        self._require_helper()
        return super()._cgroup(instance)

    def _require_helper(self) -> None:
        image = self._helper_image()
        require_image(self._engines(), self._node, image, "nothing was done", "`chaos stack image`")

    def _engines(self) -> Engines:
        return self._copies._engines  # noqa: SLF001

    def _engine(self) -> docker.DockerClient:
        return self._engines().engine(self._node)

    def _ours(self, instance: Instance) -> Container:
        return self._copies._container(self._copies._seen(instance))  # noqa: SLF001

    def _containers(self, *labels: str) -> list[Container]:
        with asked(f"list the containers of {self.project} on {self._node}"):
            wanted = [f"{NAMESPACE}={self.project}", *labels]
            return list(self._engine().containers.list(filters={"label": wanted}, ignore_removed=True))

    def _service_of(self, container: Container) -> str:
        return short(name_of(container.attrs), self.project)

    def _addresses_of(self, service: str) -> list[str] | None:
        return self._copies._inside(service)  # noqa: SLF001
