"""The action that stalls a service. An experiment names it in `probes.actions`, where all actions are."""

from typing import Any

from probes.faults.lasting import begin
from probes.faults.stall import Stall

__all__ = ["stall"]


def stall(
    service: str, for_seconds: float = 60.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Stop a service's processes by a signal from inside (SIGSTOP): connections open, and nobody answers them.

    For users it is what `hang` is. For the engine nothing has happened: only a health check can notice it.
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
    return begin(Stall(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})
