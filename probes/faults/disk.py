"""A fault of a disk: no room on it."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.faults.kinds import Readings
from probes.run.ledger import Entry
from probes.targets.abilities import Fillable
from probes.targets.api import Event, Inspectable, Instance

__all__ = ["DiskFull"]

_FULL = 1 << 16
"""Bytes: with less free nothing of a size can be written."""


@runtime_checkable
class HasDisk(Inspectable, Fillable, Protocol):
    """Has volumes that can be filled."""


@dataclass(frozen=True, slots=True)
class DiskFull:
    """Its volume has no room."""

    path: str = ""
    kind: ClassVar[str] = "disk_full"
    needs: ClassVar[type] = HasDisk
    read_s: ClassVar[float] = 10.0

    def before(self, target: HasDisk, instance: Instance) -> dict[str, Any]:
        """Where the volume is; refused here where it has no limit of its own."""
        return {"path": target.own_disk(instance, self.path)}

    def inject(self, target: HasDisk, instance: Instance, entry: Entry) -> None:
        """For as long as the entry has still to go."""
        rest = ((entry.deadline_ns or 0) - time.time_ns()) / 1e9
        target.fill(instance, entry.before["path"], entry.id, max(rest, 0.1))

    def read(self, target: HasDisk, instance: Instance, entry: Entry) -> Readings:
        """Size and free space of the file system, and whether what fills it is there."""
        found = target.room(instance, entry.before["path"], entry.id)
        return {"filled": found.filled, "free_bytes": found.free_bytes, "size_bytes": found.size_bytes}

    def shows(self, before: Readings, now: Readings) -> bool:
        """Nothing is free, and something was."""
        return bool(now["filled"]) and int(now["free_bytes"]) < _FULL <= int(before["free_bytes"])

    def concerns(self, event: Event, entry: Entry) -> bool:
        """A restart leaves the volume as it is."""
        return False

    @staticmethod
    def undo(target: HasDisk, instance: Instance, entry: Entry) -> None:
        """Give back the room that was taken."""
        target.empty(instance, entry.before["path"], entry.id)

    @staticmethod
    def left(target: HasDisk, instance: Instance, entry: Entry) -> str:
        """Whether what fills it is there."""
        return "its volume is still filled" if target.room(instance, entry.before["path"], entry.id).filled else ""
