"""Actions on a service's processes that last. An experiment names them in `probes.actions`, where all actions are."""

import logging
import time
import uuid
from typing import Any

from probes.faults.lasting import begin
from probes.faults.process import Hang, Stop
from probes.faults.selection import refuse_broken
from probes.run.ledger import Entry
from probes.run.looping import CrashLoop, check_bounds
from probes.run.session import current

__all__ = ["crash_loop", "hang", "stop"]

logger = logging.getLogger("chaostoolkit")


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
    refuse_broken(instance)
    entry = Entry(uuid.uuid4().hex[:12], "crash_loop", service, instance.id, session.about.name, time.time_ns())
    session.recorder.snapshot("before-fault", service)
    session.recorder.check()
    session.ledger.enter(entry)
    made = CrashLoop(session, entry, times, for_seconds).run(instance)
    logger.info("Fault: %s was made to crash %d times", service, len(made))
    return {"loop": entry.id, "service": service, "instance": instance.id, "faults": made}
