"""Every fault, what it asks of a target, and which target has that: the one list of them."""

from collections.abc import Mapping

from probes.faults.disk import DiskFull
from probes.faults.kinds import Lasting
from probes.faults.network import Answers, Bandwidth, Latency, Loss, Names, Partition
from probes.faults.nodes import BadUpdate, NodeDown, NodeDrain, NodePartition
from probes.faults.process import Hang, Stop
from probes.faults.resources import CpuStarved, MemorySqueezed
from probes.faults.stall import Stall
from probes.targets.abilities import Exhaustible, Signalable
from probes.targets.api import Crashable
from probes.targets.docker import DockerTarget
from probes.targets.embedded import EmbeddedTarget
from probes.targets.swarm import SwarmTarget

__all__ = ["ENDING", "LASTING", "TARGETS", "able", "table"]

ENDING: Mapping[str, type] = {
    "crash": Crashable,
    "crash_loop": Crashable,
    "out_of_memory": Exhaustible,
    "signal": Signalable,
}
"""Faults that are over at once; what ended is to run again. By the name of their action: what each needs."""

_NETWORK: tuple[type[Lasting], ...] = (Partition, Latency, Loss, Bandwidth, Names, Answers)
_OTHERS: tuple[type[Lasting], ...] = (Hang, Stall, Stop, CpuStarved, MemorySqueezed, DiskFull)
_NODES: tuple[type[Lasting], ...] = (NodeDown, NodeDrain, NodePartition, BadUpdate)
LASTING: Mapping[str, type[Lasting]] = {kind.kind: kind for kind in (*_NETWORK, *_OTHERS, *_NODES)}
"""Faults that stay until they are undone, by the name of their action."""

TARGETS: Mapping[str, type] = {"docker": DockerTarget, "embedded": EmbeddedTarget, "swarm": SwarmTarget}


def able(needs: type) -> tuple[str, ...]:
    """Names of the targets that have a capability."""
    return tuple(name for name, target in TARGETS.items() if issubclass(target, needs))


def table() -> dict[str, tuple[str, ...]]:
    """Each fault, with the targets that can do it."""
    needed = {**ENDING, **{name: kind.needs for name, kind in LASTING.items()}}
    return {name: able(needs) for name, needs in needed.items()}
