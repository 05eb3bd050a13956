"""What only several machines can suffer. An experiment names it in `probes.actions`, where all actions are."""

from typing import Any

from probes.errors import ConfigurationError
from probes.faults.kinds import Lasting, require
from probes.faults.lasting import begin
from probes.faults.nodes import BadUpdate, NodeDown, NodeDrain, NodePartition, Workers
from probes.run.session import current

__all__ = ["bad_update", "node_down", "node_drain", "node_partition"]


def node_down(
    service: str, for_seconds: float = 120.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Take the power from the machine on which a service runs: everything there is gone at once.

    Only from a worker that runs nothing but this stack, and that is itself a container of an engine that we reach
    (STEHAUF_SWARM_MACHINES). It is off until `undo`, a rollback or the end of the run powers it on again.

    Args:
        service: name of the service; the machine is that of the chosen instance.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `crash`, of the instances on workers.
        choose: as for `crash`, of the instances on workers.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible: this target cannot do it, the machine is out of reach, or others run there; nothing was done.
        ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    return _begin(NodeDown(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def node_drain(
    service: str, for_seconds: float = 120.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Drain the machine on which a service runs, as its operator does before maintenance: all work leaves it.

    Args:
        service: as for `node_down`.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `node_down`.
        choose: as for `node_down`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `node_down`.
    """
    return _begin(NodeDrain(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def node_partition(
    service: str, for_seconds: float = 120.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Cut the machine on which a service runs off from everybody: it runs on, and nobody reaches it.

    Args:
        service: as for `node_down`.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `node_down`.
        choose: as for `node_down`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `node_down`.
    """
    return _begin(NodePartition(), service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def bad_update(service: str, for_seconds: float = 120.0) -> dict[str, Any]:
    """Roll an update of a service out that cannot work: the first new copy fails to start.

    What becomes of it is the declared policy's affair (`deploy.update_config`): to roll back is what `probes.probes`
    can claim (`update_state`). Whatever it did, the undo leaves the service running what it ran before.

    Args:
        service: name of the service.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.

    Returns:
        The service, and the fault's id with an instance.

    Raises:
        FaultNotPossible: this target cannot do it; nothing was done.
        ConfigurationError, TargetDegraded, UnknownService, TargetError: as for `crash`.
    """
    return begin(BadUpdate(), service, for_seconds, {"count": 1, "choose": "first", "seed": None})


def _begin(fault: Lasting, service: str, for_seconds: float, selection: dict[str, Any]) -> dict[str, Any]:
    target = current().target
    require(target, fault.needs, fault.kind)
    if selection["count"] != 1 or selection["choose"] == "all":
        raise ConfigurationError(f"{fault.kind}: one machine at a time; count takes 1, and choose first or random")
    return begin(fault, service, for_seconds, selection, among=Workers)
