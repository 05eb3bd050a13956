"""What only several machines can suffer. An experiment names it in `probes.actions`, where all actions are."""

from collections.abc import Callable
from typing import Any

from probes.errors import ConfigurationError
from probes.faults.arguments import GIVES, WHICH, Action, bound, widened
from probes.faults.kinds import Lasting, require
from probes.faults.lasting import begin
from probes.faults.nodes import BadUpdate, NodeDown, NodeDrain, NodePartition, Workers
from probes.run.session import current

__all__ = ["bad_update", "node_down", "node_drain", "node_partition"]

_BOUND = bound(120.0)
"""Longer than for a container: until a manager has noticed, and the work has gone elsewhere, takes half a minute."""
_WHICH = {
    **WHICH,
    "count": (int, 1, "1: one machine at a time."),
    "choose": (str, "first", "which instance's machine, of those on workers: `first` (the oldest) or `random`."),
}


def _of_a_machine(make: Callable[..., Lasting]) -> Action:
    """An action that breaks a machine: the one on which the chosen instance runs, which is on no manager."""
    return widened(make, _begin, {**_BOUND, **_WHICH}, GIVES)


def _begin(fault: Lasting, service: str, for_seconds: float, chosen: dict[str, Any]) -> dict[str, Any]:
    require(current().target, fault.needs, fault.kind)
    if chosen["count"] != 1 or chosen["choose"] == "all":
        raise ConfigurationError(f"{fault.kind}: one machine at a time; count takes 1, and choose first or random")
    return begin(fault, service, for_seconds, chosen, among=Workers)


def _of_a_service(make: Callable[..., Lasting]) -> Action:
    """An action on a service as a whole: there is no instance to be chosen."""
    return widened(make, begin, _BOUND, GIVES)


@_of_a_machine
def node_down() -> Lasting:
    """Take the power from the machine on which a service runs: everything there is gone at once.

    Only from a worker that runs nothing but this stack, and that is itself a container of an engine that we reach
    (STEHAUF_SWARM_MACHINES). It is off until `undo`, a rollback or the end of the run powers it on again.
    """
    return NodeDown()


@_of_a_machine
def node_drain() -> Lasting:
    """Drain the machine on which a service runs, as its operator does before maintenance: all work leaves it.

    Only a worker that runs nothing but this stack. It is drained until `undo`, a rollback or the end of the run.
    """
    return NodeDrain()


@_of_a_machine
def node_partition() -> Lasting:
    """Cut the machine on which a service runs off from everybody: it runs on, and nobody reaches it.

    Only a worker, as for `node_down`. It is cut off until `undo`, a rollback or the end of the run.
    """
    return NodePartition()


@_of_a_service
def bad_update() -> Lasting:
    """Roll an update of a service out that cannot work: the first new copy fails to start.

    What becomes of it is the declared policy's affair (`deploy.update_config`): to roll back is what `probes.probes`
    can claim (`update_state`). Whatever it did, the undo leaves the service running what it ran before.
    """
    return BadUpdate()
