"""Faults of a network: cut off, late, lossy, narrow, without names."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.errors import ConfigurationError, FaultNotPossible
from probes.faults.kinds import Readings
from probes.faults.knock import knock
from probes.run.ledger import Entry
from probes.targets.abilities import Disturbable, Disturbance, Reachable
from probes.targets.api import Event, Inspectable, Instance

__all__ = ["Answers", "Bandwidth", "Latency", "Loss", "Names", "Partition"]

_KNOCKS = 5


@runtime_checkable
class Cuttable(Inspectable, Disturbable, Reachable, Protocol):
    """Has a network that can be disturbed, and is reached by it."""


@dataclass(frozen=True, slots=True)
class _OfNetwork:
    """What all of them share: they live in the instance's namespace, under the fault's id."""

    how: Disturbance
    kind: ClassVar[str]
    tried: ClassVar[Disturbance]
    """Of its kind: what the kernel is asked for before anything is broken."""
    needs: ClassVar[type] = Cuttable
    read_s: ClassVar[float] = 10.0

    def before(self, target: Cuttable, instance: Instance) -> dict[str, Any]:
        """By which means it will be done: refused here where the kernel has none."""
        for peer in self.how.peers:
            target.instances(peer)
            if peer == instance.service:
                raise ConfigurationError(f"{self.kind}: {peer!r} is named as another service than itself")
        return {"means": target.means(self.how), "peers": list(self.how.peers)}

    def inject(self, target: Cuttable, instance: Instance, entry: Entry) -> None:
        """For as long as the entry has still to go."""
        rest = ((entry.deadline_ns or 0) - time.time_ns()) / 1e9
        target.disturb(instance, self.how, entry.id, max(rest, 0.1))

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """The kernel's count of the packets that were hit, and by which means."""
        hit = target.disturbed(instance, entry.id)
        return {"in_place": hit is not None, "packets": hit or 0, "means": str(entry.before["means"])}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Packets were hit."""
        return int(now["packets"]) > 0

    def concerns(self, event: Event, entry: Entry) -> bool:
        """A restart gives the instance a new namespace, and a peer perhaps another address."""
        return event.instance == entry.instance or event.service in entry.before.get("peers", [])

    @staticmethod
    def undo(target: Cuttable, instance: Instance, entry: Entry) -> None:
        """Take the rules away."""
        target.settle(instance, entry.id)

    @staticmethod
    def left(target: Cuttable, instance: Instance, entry: Entry) -> str:
        """Whether rules are there."""
        return "" if target.disturbed(instance, entry.id) is None else "its rules are still in place"


@dataclass(frozen=True, slots=True)
class Partition(_OfNetwork):
    """Cut off from some services, or from everything."""

    kind: ClassVar[str] = "partition"
    tried: ClassVar[Disturbance] = Disturbance("partition")

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """The count; cut off from everything, whether a connection opens too."""
        found = _OfNetwork.read(self, target, instance, entry)
        if self.how.peers or not (addresses := target.addresses(instance)):
            return found
        return {**found, "connection_opens": knock(addresses, 0.5).opened_ms is not None}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Packets were dropped, and no connection opens where none shall."""
        return int(now["packets"]) > 0 and now.get("connection_opens") is not True


@dataclass(frozen=True, slots=True)
class Latency(_OfNetwork):
    """Every packet that it sends is late."""

    kind: ClassVar[str] = "latency"
    tried: ClassVar[Disturbance] = Disturbance("latency")

    def before(self, target: Cuttable, instance: Instance) -> dict[str, Any]:
        """Without a port to knock at, nothing could show it."""
        if not target.addresses(instance):
            raise FaultNotPossible(
                f"{instance.service} publishes no TCP port, so no round trip to it can be measured; nothing was done. "
                "Publish one on 127.0.0.1; on a swarm in host mode"
            )
        return _OfNetwork.before(self, target, instance)

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """The shortest of a few round trips, in milliseconds; -1 where none came back."""
        addresses = target.addresses(instance)
        trips = [knock(addresses, 5.0).opened_ms for _ in range(_KNOCKS)]
        known = [trip for trip in trips if trip is not None]
        return {
            **_OfNetwork.read(self, target, instance, entry),
            "round_trip_ms": min(known) if known else -1.0,
            "asked_ms": self.how.delay_ms - self.how.jitter_ms,
        }

    def shows(self, before: Readings, now: Readings) -> bool:
        """Round trips take as much longer as was asked for."""
        least = float(before["round_trip_ms"]) + float(now["asked_ms"])
        return bool(now["in_place"]) and float(now["round_trip_ms"]) >= 0.9 * least


@dataclass(frozen=True, slots=True)
class Loss(_OfNetwork):
    """Some of the packets that it sends are lost."""

    kind: ClassVar[str] = "loss"
    tried: ClassVar[Disturbance] = Disturbance("loss")

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """The count of those that were dropped, and of segments that it had to send again."""
        found = _OfNetwork.read(self, target, instance, entry)
        return {**found, "sent_again": target.carried(instance, entry.id).sent_again}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Packets were dropped, and segments sent again."""
        return int(now["packets"]) > 0 and int(now["sent_again"]) > int(before["sent_again"])


@dataclass(frozen=True, slots=True)
class Bandwidth(_OfNetwork):
    """What it sends goes through a narrow pipe."""

    kind: ClassVar[str] = "bandwidth"
    tried: ClassVar[Disturbance] = Disturbance("bandwidth")

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """What it sent within a second, and the packets that had to wait meanwhile."""
        found, carried = _OfNetwork.read(self, target, instance, entry), target.carried(instance, entry.id)
        return {
            **found,
            "kbit_s": round(carried.kbit_s, 1),
            "held_back": carried.held_back,
            "asked_kbit_s": self.how.kbit_s,
        }

    def shows(self, before: Readings, now: Readings) -> bool:
        """Packets had to wait."""
        return int(now["held_back"]) > 0


@dataclass(frozen=True, slots=True)
class Answers(_OfNetwork):
    """It answers late, wrongly, or with a reset: a proxy stands before it."""

    kind: ClassVar[str] = "bad_answers"
    tried: ClassVar[Disturbance] = Disturbance("answers")

    def before(self, target: Cuttable, instance: Instance) -> dict[str, Any]:
        """The port must be one that it declares: that is known to be TCP, and its own."""
        found = _OfNetwork.before(self, target, instance)
        ports = target.listens(instance)
        if self.how.port not in ports:
            raise ConfigurationError(
                f"bad_answers: port reads {self.how.port!r}; {instance.service} listens on: "
                f"{', '.join(map(str, ports)) or 'none that it declares'}"
            )
        return found

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """What the proxy counted."""
        found = _OfNetwork.read(self, target, instance, entry)
        return {**found, "spoiled": target.spoiled(instance, entry.id)}

    def shows(self, before: Readings, now: Readings) -> bool:
        """An answer was spoiled."""
        return int(now["spoiled"]) > 0


@dataclass(frozen=True, slots=True)
class Names(_OfNetwork):
    """No name resolves any more for it."""

    kind: ClassVar[str] = "dns_failure"
    tried: ClassVar[Disturbance] = Disturbance("no_names")

    def read(self, target: Cuttable, instance: Instance, entry: Entry) -> Readings:
        """Whether a name that must be known, the service's own, is found in its network."""
        found = _OfNetwork.read(self, target, instance, entry)
        return {**found, "name_resolves": target.resolves(instance, instance.service)}

    def shows(self, before: Readings, now: Readings) -> bool:
        """It was found before, and is not found now."""
        return before["name_resolves"] is True and now["name_resolves"] is False
