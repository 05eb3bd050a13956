"""Actions on a service's resources. An experiment names them in `probes.actions`, where all actions are."""

from probes.errors import ConfigurationError
from probes.faults.arguments import check_number, lasting
from probes.faults.disk import DiskFull
from probes.faults.kinds import Lasting
from probes.faults.resources import CpuStarved, MemorySqueezed

__all__ = ["cpu_starved", "disk_full", "memory_squeezed"]


@lasting
def cpu_starved(cpus: float = 0.05) -> Lasting:
    """Give a running service only a part of a processor.

    Args:
        cpus: processors, 0.01 to 64; less than it has.
    """
    check_number("cpu_starved: cpus", cpus, 0.01, 64)
    return CpuStarved(cpus)


@lasting
def memory_squeezed(megabytes: float) -> Lasting:
    """Take memory away from a running service; what it does not need at once is reclaimed.

    Args:
        megabytes: its new limit in MiB, 6 to 1048576; less than it has. Less than it uses may be refused, or end it.
    """
    check_number("memory_squeezed: megabytes", megabytes, 6, 2**20)
    return MemorySqueezed(megabytes)


@lasting
def disk_full(path: str = "") -> Lasting:
    """Leave no room on the volume of a service: what it gives back is taken, too, until the fault is over.

    Only a volume that has a file system with a limit of its own, and of 1 GiB at most, is filled: never the engine's
    disk, nor memory. Of the stack that a run brings up, the service's volumes get one (ext4, 64 MiB) by themselves.

    Args:
        path: where the volume is in the service's container; unset: it has only one.
    """
    if not isinstance(path, str):
        raise ConfigurationError(f"disk_full: path reads {path!r}; it takes a folder of the container")
    return DiskFull(path)
