"""Actions: what an experiment may do to a service, and how it is undone."""

import logging
import time
import uuid
from dataclasses import asdict
from typing import Any

from probes.errors import StehaufError, TargetDegraded
from probes.run.ledger import Entry, undo
from probes.run.looping import CrashLoop, check_bounds
from probes.run.session import Session, current
from probes.targets.api import Instance

__all__ = ["crash", "crash_loop", "ensure_running"]

logger = logging.getLogger("chaostoolkit")


def crash(service: str) -> dict[str, Any]:
    """Make one instance of a service die by itself, so that its restart policy acts.

    It is not a kill: an engine takes a killed container for one that its operator stopped, and leaves it down.
    The proof is not that this returned, but the target's own events (see the receipt in the report).

    Args:
        service: name of the service; of several instances the oldest is taken.

    Returns:
        The fault's id, the service and the instance.

    Raises:
        TargetDegraded: the instance is not running and healthy: breaking it would prove nothing.
        UnknownService, NotOurs, TargetError: as the target says.
        ConfigurationError: no run is being recorded.
    """
    session = current()
    instance = next(iter(session.target.instances(service)), None)
    if instance is None:
        raise TargetDegraded(f"{service} has no instance at the moment, so there is nothing to crash")
    _refuse_broken(instance)
    entry = Entry(uuid.uuid4().hex[:12], "crash", service, instance.id, session.about.name, time.time_ns())
    session.recorder.snapshot("before-fault", service)
    session.recorder.check()
    session.ledger.enter(entry)
    session.recorder.fault("asked", entry.id, entry.fault, instance)
    session.recorder.check()
    try:
        session.target.crash(instance)
    except StehaufError as error:
        session.recorder.fault("failed", entry.id, entry.fault, instance, str(error))
        raise
    session.recorder.fault("injected", entry.id, entry.fault, instance)
    logger.info("Fault: %s was made to crash", service)
    return {"fault": entry.id, "service": service, "instance": instance.id}


def crash_loop(service: str, times: int = 6, for_seconds: float = 10.0) -> dict[str, Any]:
    """Crash one instance of a service again and again, each time as soon as it runs again.

    Docker doubles its pause before a restart with each quick crash, from 100 ms on: six crashes keep a service away
    for some ten seconds. Where the target restarts at once, crashing goes on until `for_seconds` are over. Each
    crash is a fault of its own, with a receipt of its own.

    Args:
        service: name of the service; of several instances the oldest is taken.
        times: crashes to make, 2 to 20; more where the target restarts at once.
        for_seconds: no crash is asked for later than this after the first; at most 30.

    Returns:
        The loop's id, the service, the instance, and the ids of the faults.

    Raises:
        ConfigurationError: an argument out of its range, or no run is being recorded.
        TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    check_bounds(times, for_seconds)
    session = current()
    instance = session.target.instances(service)[0]
    _refuse_broken(instance)
    entry = Entry(uuid.uuid4().hex[:12], "crash_loop", service, instance.id, session.about.name, time.time_ns())
    session.recorder.snapshot("before-fault", service)
    session.recorder.check()
    session.ledger.enter(entry)
    made = CrashLoop(session, entry, times, for_seconds).run(instance)
    logger.info("Fault: %s was made to crash %d times", service, len(made))
    return {"loop": entry.id, "service": service, "instance": instance.id, "faults": made}


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
    for entry in [entry for entry in session.ledger if entry.service == service]:
        logger.info("Undo: %s", undo(session.target, entry, within))
        session.strike(entry)
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


def _refuse_broken(instance: Instance) -> None:
    if instance.state != "running" or instance.health not in ("healthy", "none"):
        raise TargetDegraded(
            f"{instance.service} is {instance.state} and its health is {instance.health} before anything was done "
            "to it: breaking it now would prove nothing"
        )
