"""Actions: what an experiment may do to a service, and how it is undone.

Every fault takes `count`, `choose` and `seed`: how many instances of the service, and which. Never more than asked.
"""

import time
from dataclasses import asdict
from typing import Any

from probes.errors import ConfigurationError, TargetDegraded
from probes.faults.arguments import ending
from probes.faults.ending import Ending
from probes.network import bad_answers, bandwidth, dns_failure, latency, loss, partition
from probes.nodes import bad_update, node_down, node_drain, node_partition
from probes.processes import crash_loop, hang, stall, stop
from probes.resources import cpu_starved, disk_full, memory_squeezed
from probes.run.session import Session, current
from probes.targets.api import Instance

__all__ = [
    "bad_answers",
    "bad_update",
    "bandwidth",
    "cpu_starved",
    "crash",
    "crash_loop",
    "disk_full",
    "dns_failure",
    "ensure_running",
    "hang",
    "latency",
    "loss",
    "memory_squeezed",
    "node_down",
    "node_drain",
    "node_partition",
    "out_of_memory",
    "partition",
    "signal",
    "stall",
    "stop",
    "undo",
]

_SIGNALS = range(1, 65)
_NOT_ENDING = {17, 18, 19, 20, 21, 22, 23, 28}
"""SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH: nothing ends of these."""


@ending
def crash() -> Ending:
    """Make instances of a service die by themselves, so that its restart policy acts.

    It is not a kill: an engine takes a killed container for one that its operator stopped, and leaves it down.
    The proof is not that this returned, but the target's own events (see the receipt in the report).
    """
    return Ending("crash", "was made to crash")


@ending
def signal(number: int, exit_code: int | None = None) -> Ending:
    """Send a signal to the processes of a service as if from inside, so that they end by it, cleanly or not.

    A restart policy tells the two ends apart: `on-failure` does not restart what ended with 0.

    Args:
        number: the signal, 1 to 64, one that ends a process: 15 is SIGTERM, 9 SIGKILL, 11 SIGSEGV.
        exit_code: what it must end with for the receipt; unset: 128 + `number`, or 0 where it ends cleanly.
    """
    if isinstance(number, bool) or not isinstance(number, int) or number not in _SIGNALS or number in _NOT_ENDING:
        raise ConfigurationError(f"signal: number reads {number!r}; it takes a signal that ends a process, 1 to 64")
    return Ending("signal", "was sent a signal", number, exit_code)


@ending
def out_of_memory() -> Ending:
    """Let a service run into its memory limit, so that the kernel kills it and its restart policy acts.

    Only up to the service's own limit: one that has none is refused, for it would be the machine's memory.
    """
    return Ending("out_of_memory", "runs out of memory")


def undo(service: str, fault: str = "") -> dict[str, Any]:
    """End what this run did to a service, the last fault first, and verify it by reading the target back.

    Args:
        service: name of the service.
        fault: the kind to end (`hang`, say); empty: every one.

    Returns:
        A sentence for each fault that was undone.

    Raises:
        TargetError: something of a fault is left.
        ConfigurationError: there is nothing of that kind to undo, or no run is being recorded.
    """
    session = current()
    entries = [one for one in session.ledger if one.service == service and fault in ("", one.fault)]
    if not entries:
        what = f"no fault '{fault}'" if fault else "no fault"
        raise ConfigurationError(
            f"There is {what} of {service} to undo: it was never put in place, or is over. See that its bound "
            "(for_seconds) is longer than the method takes until here"
        )
    last_first = sorted(entries, key=lambda one: one.asked_ns, reverse=True)
    return {"undone": [session.keeper.settle(entry, "the action undo") for entry in last_first]}


def ensure_running(service: str, within: float = 30.0) -> dict[str, Any]:
    """Make sure that a service runs, as a rollback: undo what this run did to it, and start what is stopped.

    Args:
        service: name of the service; all of its instances are looked at.
        within: seconds that its health may take.

    Returns:
        The state of each instance at the end.

    Raises:
        TargetError: it does not run, or is not healthy, within the time.
        UnknownService, ConfigurationError: as for `crash`.
    """
    session = current()
    entries = [entry for entry in session.ledger if entry.service == service]
    for entry in sorted(entries, key=lambda one: one.asked_ns, reverse=True):
        session.keeper.settle(entry, "a rollback")
    for instance in session.target.instances(service):
        if instance.state in ("stopped", "created"):
            session.target.start(instance)
        if instance.state == "paused":
            session.target.resume(instance)
    return {"instances": [asdict(instance) for instance in _wait_well(session, service, within)]}


def _wait_well(session: Session, service: str, within: float) -> tuple[Instance, ...]:
    deadline = time.monotonic() + within
    while True:
        instances = session.target.instances(service)
        ill = [i for i in instances if i.state != "running" or i.health not in ("healthy", "none")]
        if not ill:
            return instances
        if time.monotonic() > deadline:
            raise TargetDegraded(
                f"Waited {within:.0f} s for {service} to be running and healthy: it is {ill[0].state}, "
                f"its health is {ill[0].health}. Look at its log"
            )
        time.sleep(0.1)
