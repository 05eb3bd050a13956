"""Faults of a process: it hangs, or its operator stops it."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.faults.kinds import Readings
from probes.faults.knock import answering, refuse_unreachable
from probes.run.ledger import Entry
from probes.targets.abilities import Reachable
from probes.targets.api import Event, Inspectable, Instance, Pausable, Stoppable

__all__ = ["Hang", "Stop"]


@runtime_checkable
class Freezable(Inspectable, Pausable, Reachable, Protocol):
    """Can be frozen, and knocked at."""


@runtime_checkable
class Operable(Inspectable, Stoppable, Protocol):
    """Can be stopped and started as an operator does."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Frozen: the kernel goes on to accept connections, and nobody answers them."""

    kind: ClassVar[str] = "hang"
    needs: ClassVar[type] = Freezable
    read_s: ClassVar[float] = 5.0

    def before(self, target: Freezable, instance: Instance) -> dict[str, Any]:
        """Nothing is to be known; without a port to knock at, a hang could not be proved."""
        refuse_unreachable(target, instance)
        return {}

    def inject(self, target: Freezable, instance: Instance, entry: Entry) -> None:
        """Freeze all its processes."""
        target.pause(instance)

    def read(self, target: Freezable, instance: Instance, entry: Entry) -> Readings:
        """Its state, and what becomes of a connection."""
        return {"state": _now(target, instance).state, **answering(target, instance)}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Paused, and a connection opens without an answer."""
        wanted = {"state": "paused", "connection_opens": True, "connection_answered": False}
        return bool(before["connection_answered"]) and now == wanted

    def concerns(self, event: Event, entry: Entry) -> bool:
        """What starts again is not to be broken again."""
        return False

    @staticmethod
    def undo(target: Freezable, instance: Instance, entry: Entry) -> None:
        """Thaw."""
        target.resume(instance)

    @staticmethod
    def left(target: Freezable, instance: Instance, entry: Entry) -> str:
        """Whether it is still frozen."""
        return "it is still paused" if _now(target, instance).state == "paused" else ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stopped by its operator: no restart policy acts."""

    kind: ClassVar[str] = "stop"
    needs: ClassVar[type] = Operable
    read_s: ClassVar[float] = 5.0

    def before(self, target: Operable, instance: Instance) -> dict[str, Any]:
        """Nothing is to be known."""
        return {}

    def inject(self, target: Operable, instance: Instance, entry: Entry) -> None:
        """SIGTERM, and SIGKILL after 10 s."""
        target.stop(instance)

    def read(self, target: Operable, instance: Instance, entry: Entry) -> Readings:
        """Its state."""
        return {"state": _now(target, instance).state}

    def shows(self, before: Readings, now: Readings) -> bool:
        """It is down."""
        return now["state"] == "stopped"

    def concerns(self, event: Event, entry: Entry) -> bool:
        """What starts again is not to be broken again."""
        return False

    @staticmethod
    def undo(target: Operable, instance: Instance, entry: Entry) -> None:
        """Start it."""
        target.start(_now(target, instance))

    @staticmethod
    def left(target: Operable, instance: Instance, entry: Entry) -> str:
        """Whether it is still down."""
        state = _now(target, instance).state
        return "" if state == "running" else f"it is {state}"


def _now(target: Inspectable, instance: Instance) -> Instance:
    return next((one for one in target.instances(instance.service) if one.id == instance.id), instance)
