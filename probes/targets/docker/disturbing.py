"""What the Docker target can do to a service's network: by helper containers in its namespace."""

from collections.abc import Mapping
from typing import Any

from docker.models.containers import Container

from probes.errors import FaultNotPossible, TargetError, UnknownService
from probes.targets.abilities import Carried, Disturbance
from probes.targets.api import Instance
from probes.targets.docker.containers import exposed_ports, labels_of
from probes.targets.docker.engine import asked
from probes.targets.docker.helper import FAULT
from probes.targets.docker.parts import Part
from probes.targets.docker.rules import ASK_KERNEL, FIND_OURS, arm, carry, count, staying, take_away

__all__ = ["Networked", "best"]

_WAYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "partition": (("drop", "iptables DROP"),),
    "no_names": (("drop", "iptables DROP"),),
    "loss": (("statistic", "iptables statistic"),),
    "bandwidth": (("tbf", "tc tbf"),),
    "answers": (("redirect", "HTTP proxy"),),
    "latency": (("netem", "netem"), ("nfqueue", "nfqueue")),
}
"""What of the kernel each needs, the best first, and what it is called in the evidence."""


class Networked(Part):
    """The part of the Docker target that disturbs networks."""

    _kernel: frozenset[str] | None = None

    def means(self, how: Disturbance) -> str:
        """Tried in a container without a network, before anything is touched."""
        return best(self.kernel(), how)

    def kernel(self) -> frozenset[str]:
        """What the engine's kernel has of all that is needed, in the words of `rules.ASK_KERNEL`."""
        if self._kernel is None:
            self._kernel = frozenset(self._helpers().ask("none", ASK_KERNEL).split())
        return self._kernel

    def disturb(self, instance: Instance, how: Disturbance, fault: str, for_seconds: float) -> None:
        """By a helper that stays in its namespace until its own time is over."""
        network = self._network(instance)
        means, addresses = self.means(how), self._addresses(instance, how)
        self.settle(instance, fault)
        helpers = self._helpers()
        helpers.start(network, staying(how, fault, arm(how, fault, addresses, means), means, for_seconds), fault)

    def disturbed(self, instance: Instance, fault: str) -> int | None:
        """By the kernel's counters in its namespace."""
        if self._ours(instance).status not in {"running", "paused"}:
            return None  # no process, no namespace
        said = self._helpers().ask(self._network(instance), count(fault)).splitlines()
        if "rules" not in said:
            return None
        return sum(int(line.split()[1]) for line in said if line.startswith("packets "))

    def settle(self, instance: Instance, fault: str) -> None:
        """End the fault's helpers, and take away what one that was killed has left."""
        helpers = self._helpers()
        helpers.end(fault)
        if self._ours(instance).status in {"running", "paused"}:
            helpers.ask(self._network(instance), take_away(fault))

    def listens(self, instance: Instance) -> tuple[int, ...]:
        """Those that are published, and those that its image exposes."""
        return exposed_ports(self._ours(instance).attrs)

    def spoiled(self, instance: Instance, fault: str) -> int:
        """By the proxy's own count, read from its container."""
        self._ours(instance)
        for helper in self._helpers().of(fault):
            with asked("read the count of a proxy"):
                said: Any = helper.exec_run(["cat", "/tmp/spoiled"]).output  # noqa: S108 - in the helper's own files
            words = said.decode(errors="replace").split()
            if len(words) == 2 and words[1].isdecimal():  # noqa: PLR2004 - requests, and those spoiled
                return int(words[1])
        return 0

    def carried(self, instance: Instance, fault: str) -> Carried:
        """By the counts of its devices, its TCP and the fault's discipline."""
        said = self._helpers().ask(self._network(instance), carry(fault))
        try:
            sent, held_back, again, took_ns = map(int, said.split())
        except ValueError as error:
            raise TargetError(f"What {instance.service} sends could not be counted: {said[:200]}") from error
        return Carried(sent * 8e6 / took_ns, held_back, again)

    def resolves(self, instance: Instance, name: str) -> bool:
        """With the container's own resolv.conf, which a helper in its network shares."""
        look = f"RES_OPTIONS='timeout:1 attempts:1' getent hosts {name} >/dev/null && echo found || echo none"
        return self._helpers().ask(self._network(instance), look) == "found"

    def strays(self) -> tuple[tuple[str, str], ...]:
        """Helpers that run, and rules and disciplines of ours in the containers' namespaces."""
        helpers = self._helpers()
        found = []
        for one in helpers.of():
            fault = labels_of(one.attrs).get(FAULT, "")
            found.append((fault, f"a helper container of fault {fault} runs: {one.name}"))
        for container in self._running():
            service = self._service_of(container)
            there = self._faults_in(container)
            found += [(fault, f"{service}: rules of fault {fault} are in its network") for fault in there]
        return tuple(found)

    def sweep(self) -> tuple[str, ...]:
        """End all helpers of the project, and clear every namespace of what is ours."""
        done = []
        helpers = self._helpers()
        for one in helpers.of():
            fault = labels_of(one.attrs).get(FAULT, "")
            helpers.end(fault)
            done.append(f"ended the helper container {one.name} of fault {fault}")
        for container in self._running():
            for fault in self._faults_in(container):
                helpers.ask(f"container:{container.id}", take_away(fault))
                done.append(f"{self._service_of(container)}: took away the rules of fault {fault}")
        return tuple(done)

    def _faults_in(self, container: Container) -> list[str]:
        return self._helpers().ask(f"container:{container.id}", FIND_OURS).split()

    def _running(self) -> list[Container]:
        """Containers that have a namespace; none where no helper could look into it either."""
        try:
            self._helpers().ask("none", "true")
        except FaultNotPossible:
            return []
        return [one for one in self._containers() if one.status in {"running", "paused"}]

    def _network(self, instance: Instance) -> str:
        container = self._ours(instance)
        mode = container.attrs["HostConfig"].get("NetworkMode") or ""
        if mode == "host" or mode.startswith("container:"):
            raise FaultNotPossible(
                f"{instance.service} has no network of its own (network_mode: {mode.split(':')[0]}), so the "
                "fault would hit others too; nothing was done"
            )
        return f"container:{container.id}"

    def _addresses(self, instance: Instance, how: Disturbance) -> list[str]:
        found: list[str] = []
        for peer in how.peers:
            there = self._addresses_of(peer)
            if there is None:
                raise UnknownService(
                    f"The project {self.project} has no service {peer!r} to cut {instance.service} off"
                )
            found += there
        if how.peers and not found:
            raise TargetError(f"None of {', '.join(how.peers)} has an address at the moment: nothing to cut off")
        return found


def best(kernel: frozenset[str], how: Disturbance) -> str:
    """By which means it is done on a kernel that has these. Raises FaultNotPossible where it lacks all."""
    ways = _WAYS[how.kind]
    found = next((name for word, name in ways if word in kernel), None)
    if found is None:
        raise FaultNotPossible(
            f"The kernel of this engine has none of what the fault '{how.kind}' needs "
            f"({' or '.join(name for _, name in ways)}); nothing was done. It has: "
            f"{', '.join(sorted(kernel)) or 'nothing that disturbs a network'}"
        )
    return found
