"""A stall: the process is stopped by a signal, and whoever runs it takes it for one that works."""

from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.faults.kinds import Readings
from probes.faults.knock import answering, refuse_unreachable
from probes.run.ledger import Entry
from probes.targets.abilities import Reachable, Signalable
from probes.targets.api import Event, Inspectable, Instance

__all__ = ["Stall"]


@runtime_checkable
class Stallable(Inspectable, Reachable, Signalable, Protocol):
    """Can send signals past the front door, shows which processes are stopped, and can be knocked at."""


@dataclass(frozen=True, slots=True)
class Stall:
    """SIGSTOP to its processes, past the engine: no event, no other state; only a health check can tell."""

    kind: ClassVar[str] = "stall"
    needs: ClassVar[type] = Stallable
    read_s: ClassVar[float] = 5.0

    def before(self, target: Stallable, instance: Instance) -> dict[str, Any]:
        """Nothing is to be known; without a port to knock at, a stall could not be proved."""
        refuse_unreachable(target, instance)
        return {}

    def inject(self, target: Stallable, instance: Instance, entry: Entry) -> None:
        """Stop all its processes."""
        target.signal(instance, SIGSTOP)

    def read(self, target: Stallable, instance: Instance, entry: Entry) -> Readings:
        """How many of its processes the kernel shows as stopped, and what becomes of a connection."""
        return {"stopped_processes": target.stopped_processes(instance), **answering(target, instance)}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Stopped, and a connection opens without an answer."""
        stopped = int(now["stopped_processes"]) > 0 and now["connection_opens"] is True
        return bool(before["connection_answered"]) and stopped and now["connection_answered"] is False

    def concerns(self, event: Event, entry: Entry) -> bool:
        """What starts again is not to be broken again."""
        return False

    @staticmethod
    def undo(target: Stallable, instance: Instance, entry: Entry) -> None:
        """Let them go on; no-op where none is stopped."""
        if target.stopped_processes(instance):
            target.signal(instance, SIGCONT)

    @staticmethod
    def left(target: Stallable, instance: Instance, entry: Entry) -> str:
        """Whether a process is still stopped."""
        left = target.stopped_processes(instance)
        return f"processes that are still stopped: {left}" if left else ""
