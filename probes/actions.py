"""Actions: what an experiment may do to a service, and how it is undone.

Every fault takes `count`, `choose` and `seed`: how many instances of the service, and which. Never more than asked.
"""

import logging
import time
import uuid
from dataclasses import asdict
from typing import Any

from probes.errors import ConfigurationError, StehaufError, TargetDegraded
from probes.faults.kinds import require
from probes.faults.selection import refuse_broken, select
from probes.faults.table import ENDING
from probes.network import bad_answers, bandwidth, dns_failure, latency, loss, partition
from probes.processes import crash_loop, hang, stop
from probes.resources import cpu_starved, memory_squeezed
from probes.run.ledger import Entry
from probes.run.session import Session, current
from probes.stalling import stall
from probes.targets.api import Instance

__all__ = [
    "bad_answers",
    "bandwidth",
    "cpu_starved",
    "crash",
    "crash_loop",
    "dns_failure",
    "ensure_running",
    "hang",
    "latency",
    "loss",
    "memory_squeezed",
    "out_of_memory",
    "partition",
    "signal",
    "stall",
    "stop",
    "undo",
]

logger = logging.getLogger("chaostoolkit")

_TOLD = {"crash": "was made to crash", "out_of_memory": "runs out of memory", "signal": "was sent a signal"}
_SIGNALS = range(1, 65)
_NOT_ENDING = {17, 18, 19, 20, 21, 22, 23, 28}
"""SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH: nothing ends of these."""


def crash(service: str, count: int = 1, choose: str = "first", seed: int | None = None) -> dict[str, Any]:
    """Make instances of a service die by themselves, so that its restart policy acts.

    It is not a kill: an engine takes a killed container for one that its operator stopped, and leaves it down.
    The proof is not that this returned, but the target's own events (see the receipt in the report).

    Args:
        service: name of the service.
        count: instances to crash.
        choose: which: `first` (the oldest), `random`, or `all` (then without `count`).
        seed: of a random choice, to repeat it: as an earlier run recorded it in faults.jsonl.

    Returns:
        The service, the faults' ids with their instances, and the first of each as `fault` and `instance`.

    Raises:
        TargetDegraded: an instance is not running and healthy: breaking it would prove nothing.
        UnknownService, NotOurs, TargetError: as the target says.
        ConfigurationError: an impossible argument, or no run is being recorded.
    """
    return _end("crash", service, {"count": count, "choose": choose, "seed": seed})


def signal(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, number: int, exit_code: int | None = None,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Send a signal to the processes of a service as if from inside, so that they end by it, cleanly or not.

    A restart policy tells the two ends apart: `on-failure` does not restart what ended with 0.

    Args:
        service: name of the service.
        number: the signal, 1 to 64: 15 is SIGTERM, 9 SIGKILL, 11 SIGSEGV.
        exit_code: what it must end with for the receipt; unset: 128 + `number`, or 0 where it ends cleanly.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `crash`.

    Raises:
        ConfigurationError: a number that is no signal, or one that ends nothing.
        FaultNotPossible: this target cannot do it; the message names one that can.
        TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    if isinstance(number, bool) or not isinstance(number, int) or number not in _SIGNALS or number in _NOT_ENDING:
        raise ConfigurationError(f"signal: number reads {number!r}; it takes a signal that ends a process, 1 to 64")
    chosen = {"count": count, "choose": choose, "seed": seed}
    return _end("signal", service, chosen, number=number, exit_code=exit_code)


def out_of_memory(service: str, count: int = 1, choose: str = "first", seed: int | None = None) -> dict[str, Any]:
    """Let a service run into its memory limit, so that the kernel kills it and its restart policy acts.

    Only up to the service's own limit: one that has none is refused, for it would be the machine's memory.

    Args:
        service: name of the service.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `crash`.

    Raises:
        FaultNotPossible: this target cannot do it, or the service has no limit; nothing was done.
        ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    return _end("out_of_memory", service, {"count": count, "choose": choose, "seed": seed})


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


def _end(kind: str, service: str, chosen: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make instances end by themselves: `more` goes into the evidence, of a signal its `number`."""
    session = current()
    require(session.target, ENDING[kind], kind)
    selection = select(session.target, service, **chosen)
    for instance in selection.instances:
        refuse_broken(instance)
    session.recorder.snapshot("before-fault", service)
    made = []
    for instance in selection.instances:
        entry = Entry(uuid.uuid4().hex[:12], kind, service, instance.id, session.about.name, time.time_ns())
        session.recorder.check()
        session.ledger.enter(entry)
        session.recorder.fault("asked", entry.id, kind, instance, selection=selection.told(), **more)
        session.recorder.check()
        _end_one(session, entry, instance, more.get("number", 0))
        made.append({"fault": entry.id, "instance": instance.id})
    return {"service": service, "faults": made, **made[0]}


def _end_one(session: Session, entry: Entry, instance: Instance, number: int) -> None:
    target: Any = session.target  # what it needs was asked of it
    orders = {
        "crash": lambda: target.crash(instance),
        "out_of_memory": lambda: target.exhaust(instance),
        "signal": lambda: target.signal(instance, number),
    }
    try:
        orders[entry.fault]()
    except StehaufError as error:
        session.recorder.fault("failed", entry.id, entry.fault, instance, str(error))
        raise
    session.recorder.fault("injected", entry.id, entry.fault, instance)
    logger.info("Fault: %s %s", instance.service, _TOLD[entry.fault])


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
