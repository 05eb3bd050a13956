"""Actions on a service's processes that last. An experiment names them in `probes.actions`, where all actions are."""

from typing import Any

from probes.faults.lasting import begin
from probes.faults.process import Hang, Stop

__all__ = ["hang", "stop"]


def hang(
    service: str, for_seconds: float = 60.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Freeze a service: its connections stay open, new ones open, and nobody answers them.

    It stays until `undo`, a rollback or the end of the run; after `for_seconds` it ends whatever happens.

    Args:
        service: name of the service.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible: this target cannot do it, or the service publishes no port to prove it at.
        ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    return begin(Hang(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def stop(
    service: str, for_seconds: float = 60.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Stop a service as its operator does: SIGTERM, SIGKILL after 10 s, and no restart policy acts.

    It stays down until `undo` starts it, a rollback or the end of the run; `for_seconds` at most.

    Args:
        service: name of the service.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        ConfigurationError, FaultNotPossible, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    return begin(Stop(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})
