"""What only some targets can do: one small Protocol for each, with its values."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from probes.targets.api import Inspectable, Instance

__all__ = [
    "Carried",
    "Confinable",
    "Disturbable",
    "Disturbance",
    "Drainable",
    "Exhaustible",
    "Fillable",
    "Limitable",
    "Limits",
    "Nodes",
    "Powered",
    "Reachable",
    "Room",
    "Signalable",
    "Sweepable",
    "Updatable",
    "Use",
]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is done to an instance's network; all of it concerns what crosses its border, never its own loopback."""

    kind: Literal["partition", "latency", "loss", "bandwidth", "no_names", "answers"]
    peers: tuple[str, ...] = ()
    """Partition: services that it is cut off from; empty: everything, the host and its published ports too.
    Answers: services whose requests are answered badly; empty: everybody's."""
    delay_ms: float = 0.0
    """Latency: how late each packet is that it sends. Answers: how late each is."""
    jitter_ms: float = 0.0
    """Latency: up to this much more or less, evenly spread."""
    percent: float = 0.0
    """Loss: packets lost of a hundred that it sends. Answers: those spoiled of a hundred."""
    kbit_s: float = 0.0
    """Bandwidth of what it sends, in kilobits a second."""
    port: int = 0
    """Answers: the port that the instance itself listens on."""
    status: int = 0
    """Answers: the HTTP status in the place of the service's own; 0: its own."""
    resets: bool = False
    """Answers: the connection is reset in the place of an answer."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What an instance's network carried, by the kernel's counts: none of them made by what disturbs it."""

    kbit_s: float
    """Sent across its border within the second that it was looked at, in kilobits."""
    held_back: int
    """Packets that had to wait for their turn within that second."""
    sent_again: int
    """TCP segments that it had to send again, since its network is there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an instance may use, as the kernel enforces it."""

    cpus: float | None
    """Processors; None: no limit."""
    memory_bytes: int | None
    """None: no limit."""


@dataclass(frozen=True, slots=True)
class Use:
    """How an instance fares within its limits, by the kernel's counts since its start."""

    throttled_ns: int
    """Time that it was held back although it wanted to run."""
    memory_bytes: int
    """In use now."""


@dataclass(frozen=True, slots=True)
class Room:
    """The file system of an instance's volume, as the kernel shows it."""

    size_bytes: int
    free_bytes: int
    """That a process without privileges could still use."""
    filled: bool
    """Whether what a fault fills it with is there."""


@runtime_checkable
class Signalable(Protocol):
    """Can send a signal past the front door: the process ends, or not, as it would by itself."""

    def signal(self, instance: Instance, number: int) -> None:
        """Send signal `number` to every process of the instance. Raises NotOurs, TargetError."""

    def stopped_processes(self, instance: Instance) -> int:
        """Of its processes, those that a signal stopped, by the kernel's own account. Raises NotOurs, TargetError."""


@runtime_checkable
class Reachable(Protocol):
    """Knows where this machine reaches an instance itself, past every proxy that would answer in its place."""

    def addresses(self, instance: Instance) -> tuple[tuple[str, int], ...]:
        """Host and port of each TCP port that it publishes; empty where none. Raises NotOurs, TargetError."""


@runtime_checkable
class Disturbable(Protocol):
    """Can disturb the network of one instance, in that instance's own namespace."""

    def means(self, how: Disturbance) -> str:
        """By which means it would be done, in a few words. Raises FaultNotPossible where the kernel lacks all."""

    def disturb(self, instance: Instance, how: Disturbance, fault: str, for_seconds: float) -> None:
        """Disturb it, under the fault's id; ends by itself after `for_seconds`, whatever becomes of this process.

        In the place of what was there under the same id. Raises NotOurs, FaultNotPossible, TargetError.
        """

    def disturbed(self, instance: Instance, fault: str) -> int | None:
        """Packets that were hit so far, by the kernel's count; None: nothing under this id is in place."""

    def settle(self, instance: Instance, fault: str) -> None:
        """Take away all that is in place under this id; no-op where nothing is. Raises TargetError."""

    def listens(self, instance: Instance) -> tuple[int, ...]:
        """TCP ports that it declares to listen on itself, wherever they are published. Raises NotOurs, TargetError."""

    def spoiled(self, instance: Instance, fault: str) -> int:
        """Answers: how many were spoiled so far, by the proxy's count. Raises TargetError."""

    def carried(self, instance: Instance, fault: str) -> Carried:
        """Its network, looked at for a second. Raises NotOurs, TargetError."""

    def resolves(self, instance: Instance, name: str) -> bool:
        """Whether a name can be looked up in the instance's network."""


@runtime_checkable
class Limitable(Protocol):
    """Can change the limits of an instance while it runs."""

    def limits(self, instance: Instance) -> Limits:
        """As the kernel enforces them now, read from it. Raises NotOurs, TargetError."""

    def use(self, instance: Instance) -> Use:
        """As the kernel counts it. Raises NotOurs, TargetError."""

    def declared(self, instance: Instance) -> dict[str, int]:
        """The settings that `limit` changes, as they are, in the target's own terms: what `restore` takes."""

    def limit(self, instance: Instance, limits: Limits) -> None:
        """Set those that are not None. Raises NotOurs, FaultNotPossible, TargetError."""

    def restore(self, instance: Instance, declared: dict[str, int]) -> None:
        """Set them back. Raises NotOurs, TargetError."""


@runtime_checkable
class Sweepable(Protocol):
    """Can find what faults of ours left in it, even where the ledger is lost."""

    def strays(self) -> tuple[tuple[str, str], ...]:
        """The fault's id, and a sentence, for each thing of ours that is there. Raises TargetUnavailable."""

    def sweep(self) -> tuple[str, ...]:
        """Take all of them away; a sentence for each. Raises TargetError."""


@runtime_checkable
class Exhaustible(Protocol):
    """Can be made to run out of memory, up to its own limit and never the machine's."""

    def exhaust(self, instance: Instance) -> None:
        """Let it run into its memory limit. Raises FaultNotPossible where it has none, NotOurs, TargetError."""


class MachineSeen(Protocol):
    """A machine of several, as whoever manages them sees it."""

    @property
    def name(self) -> str:
        """Its host name."""

    @property
    def state(self) -> str:
        """`ready` or `down`, as the manager takes it for."""

    @property
    def availability(self) -> str:
        """`active`: it gets work; `drain`: it gets none, and what it had is moved."""

    @property
    def is_manager(self) -> bool:
        """Whether it manages the others."""


@runtime_checkable
class Nodes(Inspectable, Protocol):
    """Has several machines."""

    def node(self, name: str) -> MachineSeen:
        """As the manager sees it now. Raises TargetError."""

    def running_on(self, name: str) -> int | None:
        """Copies of our services that run there, by its own engine; None where that does not answer."""

    def strangers_on(self, name: str) -> tuple[str, ...]:
        """What runs there and is not ours. Raises TargetError."""


@runtime_checkable
class Drainable(Nodes, Protocol):
    """Can take the work away from a machine."""

    def set_availability(self, name: str, availability: str) -> None:
        """`active` or `drain`; no-op where it is so. Raises TargetError."""


@runtime_checkable
class Powered(Nodes, Protocol):
    """Reaches the power and the network of its machines."""

    def machine(self, name: str) -> Instance:
        """The machine itself, by what it runs on. Raises FaultNotPossible where that is out of reach."""

    def power_off(self, name: str) -> None:
        """At once. Raises TargetError."""

    def power_on(self, name: str) -> None:
        """No-op where it runs. Raises TargetError."""

    def cut_off(self, name: str, fault: str, for_seconds: float) -> None:
        """From everybody, its containers too; ends by itself after `for_seconds`. Raises TargetError."""

    def cut(self, name: str, fault: str) -> int | None:
        """Packets that were dropped, by the kernel's count; None: it is not cut off."""

    def connect(self, name: str, fault: str) -> None:
        """End that; no-op where it is not cut off. Raises TargetError."""


@runtime_checkable
class Updatable(Inspectable, Protocol):
    """Can roll an update of a service out."""

    def update_state(self, service: str) -> str:
        """What became of the last update, in the target's words; empty: there was none."""

    def runs(self, service: str) -> list[str]:
        """The arguments that its copies run, as declared now."""

    def failed_with(self, service: str, arguments: list[str]) -> int:
        """Copies that ran these arguments and failed, as far back as is remembered."""

    def update(self, service: str, arguments: list[str]) -> None:
        """Have its copies run these, one after the other as its own policy says. Raises TargetError."""

    def roll_back(self, service: str) -> None:
        """Have them run again what they ran before the last update. Raises TargetError."""


@runtime_checkable
class Fillable(Protocol):
    """Can fill a volume of an instance, where that has a file system with a limit of its own."""

    def own_disk(self, instance: Instance, path: str) -> str:
        """Where the volume is in the instance; `path` chooses among several, empty: it has only one.

        Raises ConfigurationError where that names none, FaultNotPossible where filling it would fill another disk,
        too, NotOurs, TargetError.
        """

    def room(self, instance: Instance, path: str, fault: str) -> Room:
        """The file system of the volume there, now. Raises NotOurs, TargetError."""

    def fill(self, instance: Instance, path: str, fault: str, for_seconds: float) -> None:
        """Take all room there is, and all that gets free; ends by itself after `for_seconds`.

        In the place of what was there under the same id. Raises NotOurs, FaultNotPossible, TargetError.
        """

    def empty(self, instance: Instance, path: str, fault: str) -> None:
        """Give back the room that this fault took; no-op where it took none. Raises NotOurs, TargetError."""


@runtime_checkable
class Confinable(Protocol):
    """Can give the volumes of a service a file system of a fixed size, when it brings the stack up."""

    def confine(self, services: tuple[str, ...]) -> None:
        """Have the next `up` do so for these services."""
