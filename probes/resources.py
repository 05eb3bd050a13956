"""Actions on a service's resources. An experiment names them in `probes.actions`, where all actions are."""

from typing import Any

from probes.errors import ConfigurationError
from probes.faults.lasting import begin
from probes.faults.resources import CpuStarved, MemorySqueezed

__all__ = ["cpu_starved", "memory_squeezed"]


def cpu_starved(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, cpus: float = 0.05, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give a running service only a part of a processor.

    Args:
        service: name of the service.
        cpus: processors, 0.01 to 64; less than it has.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible: this target cannot do it, or the service cannot tell its limits; nothing was done.
        ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    _within("cpu_starved: cpus", cpus, 0.01, 64)
    return begin(CpuStarved(cpus), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def memory_squeezed(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, megabytes: float, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Take memory away from a running service; what it does not need at once is reclaimed.

    Args:
        service: name of the service.
        megabytes: its new limit in MiB, 6 to 1048576; less than it has. Less than it uses may be refused, or end it.
        for_seconds: as for `cpu_starved`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `cpu_starved`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as `cpu_starved`.
    """
    _within("memory_squeezed: megabytes", megabytes, 6, 2**20)
    return begin(MemorySqueezed(megabytes), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def _within(name: str, given: Any, least: float, most: float) -> None:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not least <= given <= most:
        raise ConfigurationError(f"{name} reads {given!r}; it takes a number, {least:g} to {most:g}")
