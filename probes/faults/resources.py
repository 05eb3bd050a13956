"""Faults of resources: too little processor, too little memory."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.errors import ConfigurationError
from probes.faults.kinds import Readings
from probes.run.ledger import Entry
from probes.targets.abilities import Limitable, Limits
from probes.targets.api import Event, Inspectable, Instance

__all__ = ["CpuStarved", "MemorySqueezed"]

_MIB = 2**20


@runtime_checkable
class Squeezable(Inspectable, Limitable, Protocol):
    """Has limits that can be changed."""


@dataclass(frozen=True, slots=True)
class _OfLimits:
    """What both share: the limits as they were are kept, and set back."""

    needs: ClassVar[type] = Squeezable
    read_s: ClassVar[float] = 10.0

    def before(self, target: Squeezable, instance: Instance) -> dict[str, Any]:
        """The settings as they are, and what the kernel says."""
        now = target.limits(instance)
        limits = {"cpus": now.cpus, "memory_bytes": now.memory_bytes}
        return {"declared": target.declared(instance), **limits, "task": instance.task}

    def concerns(self, event: Event, entry: Entry) -> bool:
        """A restart keeps its limits."""
        return False

    @staticmethod
    def undo(target: Squeezable, instance: Instance, entry: Entry) -> None:
        """Set back what was declared; no-op where a swarm has replaced the task: the limits went with its container."""
        if not _is_replaced(instance, entry):
            target.restore(instance, entry.before["declared"])

    @staticmethod
    def left(target: Squeezable, instance: Instance, entry: Entry) -> str:
        """Whether the kernel's limits are those of before; while nothing runs, whether the engine's are."""
        if _is_replaced(instance, entry):
            return ""
        now = target.declared(instance)
        differing = [
            key for key, value in entry.before["declared"].items() if _plain(key, value) != _plain(key, now[key])
        ]
        if differing:
            return f"its {', '.join(differing)} is not as before"
        if instance.state != "running":
            return ""
        limits = target.limits(instance)
        same = (limits.cpus, limits.memory_bytes) == (entry.before["cpus"], entry.before["memory_bytes"])
        return "" if same else f"the kernel's limits are {limits.cpus} processors and {limits.memory_bytes} bytes"


def _is_replaced(instance: Instance, entry: Entry) -> bool:
    return str(entry.before.get("task", instance.task)) != instance.task


def _plain(key: str, value: int) -> int:
    """A setting, with all that means no limit as 0."""
    if key == "CpuPeriod":
        return 0  # says nothing without a quota
    return 0 if value < 0 or value > 1 << 50 else value


@dataclass(frozen=True, slots=True)
class CpuStarved(_OfLimits):
    """It gets only a part of a processor."""

    cpus: float = 0.05
    kind: ClassVar[str] = "cpu_starved"

    def inject(self, target: Squeezable, instance: Instance, entry: Entry) -> None:
        """Lower its quota."""
        if entry.before["cpus"] is not None and self.cpus >= entry.before["cpus"]:
            raise ConfigurationError(
                f"{instance.service} has {entry.before['cpus']:g} processors: {self.cpus:g} is no less"
            )
        target.limit(instance, Limits(self.cpus, None))

    def read(self, target: Squeezable, instance: Instance, entry: Entry) -> Readings:
        """Quota and time held back, from its cgroup; 0 processors: no limit."""
        limits, use = target.limits(instance), target.use(instance)
        return {"cpus": limits.cpus or 0.0, "throttled_ms": use.throttled_ns / 1e6, "asked_cpus": self.cpus}

    def shows(self, before: Readings, now: Readings) -> bool:
        """The quota is there, and it holds back."""
        return now["cpus"] != before["cpus"] and float(now["throttled_ms"]) > float(before["throttled_ms"])


@dataclass(frozen=True, slots=True)
class MemorySqueezed(_OfLimits):
    """It has less memory than it was given."""

    megabytes: float = 64
    kind: ClassVar[str] = "memory_squeezed"

    def before(self, target: Squeezable, instance: Instance) -> dict[str, Any]:
        """Refused where it would be no less than now."""
        found = _OfLimits.before(self, target, instance)
        had = found["memory_bytes"]
        if had is not None and self.megabytes * _MIB >= had:
            raise ConfigurationError(f"{instance.service} has {had / _MIB:g} MiB: {self.megabytes:g} is no less")
        return found

    def inject(self, target: Squeezable, instance: Instance, entry: Entry) -> None:
        """Lower its limit."""
        target.limit(instance, Limits(None, round(self.megabytes * _MIB)))

    def read(self, target: Squeezable, instance: Instance, entry: Entry) -> Readings:
        """Limit and use, from its cgroup; 0 bytes: no limit."""
        limits, use = target.limits(instance), target.use(instance)
        asked = round(self.megabytes * _MIB)
        return {"memory_bytes": limits.memory_bytes or 0, "used_bytes": use.memory_bytes, "asked_bytes": asked}

    def shows(self, before: Readings, now: Readings) -> bool:
        """The lower limit is there."""
        return now["memory_bytes"] != before["memory_bytes"]
