"""Begin a fault that lasts: note it, watch over it, put it in place, and read its effect back from the target."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from probes.errors import ConfigurationError, StehaufError, TargetDegraded
from probes.faults.kinds import Lasting, Readings, require
from probes.faults.selection import refuse_broken, select
from probes.run.ledger import Entry
from probes.run.session import Session, current
from probes.targets.api import Inspectable, Instance

__all__ = ["LONGEST_S", "begin", "check_bound"]

logger = logging.getLogger("chaostoolkit")

LONGEST_S = 3600.0
_LOOK_S = 0.1


def begin(
    fault: Lasting, service: str, for_seconds: float, chosen: dict[str, Any],
    among: Callable[[Any], Inspectable] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Put a fault in place on the chosen instances; it stays until it is undone, `for_seconds` at most.

    `among`: the target as it is to be chosen from, where not every instance may be. Gives the service and the faults'
    ids with their instances. Raises ConfigurationError, UnknownService, FaultNotPossible and TargetDegraded before
    anything was done, and TargetError where the target refused.
    """
    session = current()
    require(session.target, fault.needs, fault.kind)
    check_bound(fault.kind, for_seconds)
    selection = select(among(session.target) if among else session.target, service, **chosen)
    for instance in selection.instances:
        refuse_broken(instance)
        _refuse_twice(session, fault, instance)
    noted = [(instance, fault.before(session.target, instance)) for instance in selection.instances]
    session.guard()
    session.recorder.snapshot("before-fault", service)
    made = []
    for instance, before in noted:
        entry = _enter(session, fault, instance, before, for_seconds, selection.told())
        made.append({"fault": entry.id, "instance": instance.id})
    return {"service": service, "faults": made}


def check_bound(kind: str, for_seconds: float) -> None:
    """Raise ConfigurationError unless it is a number of seconds that a fault may last."""
    number = isinstance(for_seconds, int | float) and not isinstance(for_seconds, bool)
    if not number or not 0 < for_seconds <= LONGEST_S:
        raise ConfigurationError(
            f"{kind}: for_seconds reads {for_seconds!r}; it takes seconds, more than 0 and at most {LONGEST_S:g}"
        )


def _enter(  # noqa: PLR0913, PLR0917 - all that the entry and the evidence hold
    session: Session, fault: Lasting, instance: Instance, before: dict[str, Any], for_seconds: float, chosen: Any
) -> Entry:
    asked_ns = time.time_ns()
    deadline_ns = asked_ns + round(for_seconds * 1e9)
    entry = Entry(
        uuid.uuid4().hex[:12], fault.kind, instance.service, instance.id, session.about.name,
        asked_ns, deadline_ns, before,
    )  # fmt: skip
    recorder = session.recorder
    seen = fault.read(session.target, instance, entry)
    recorder.reading(entry.id, "before", seen)
    session.check()
    session.ledger.enter(entry)
    session.keeper.hold(fault, entry, instance)
    recorder.fault("asked", entry.id, fault.kind, instance, for_seconds=for_seconds, selection=chosen)
    session.check()
    try:
        fault.inject(session.target, instance, entry)
    except StehaufError as error:
        recorder.fault("failed", entry.id, fault.kind, instance, str(error))
        raise
    recorder.fault("injected", entry.id, fault.kind, instance)
    _wait_for_effect(session, fault, instance, entry, seen)
    logger.info("Fault: %s of %s, for %g s at most", fault.kind, instance.service, for_seconds)
    return entry


def _wait_for_effect(session: Session, fault: Lasting, instance: Instance, entry: Entry, before: Readings) -> None:
    """Read the target until it shows the effect; what it shows at last is recorded either way."""
    deadline = time.monotonic() + fault.read_s
    while True:
        try:
            found = fault.read(session.target, instance, entry)
        except StehaufError as error:
            found = {}
            logger.debug("%s could not be read back: %s", fault.kind, error)
        shown = bool(found) and fault.shows(before, found)
        if shown or time.monotonic() > deadline:
            session.recorder.reading(entry.id, "during", found)
            if not shown:
                logger.warning("Fault: %s of %s shows no effect: %s", fault.kind, instance.service, found)
            return
        session.check()
        time.sleep(_LOOK_S)


def _refuse_twice(session: Session, fault: Lasting, instance: Instance) -> None:
    there = [entry for entry in session.ledger if entry.instance == instance.id and entry.fault == fault.kind]
    if there:
        raise TargetDegraded(
            f"{instance.service} suffers from '{fault.kind}' already (fault {there[0].id}): a second one could not be "
            "told from the first. Undo that first (action 'undo')"
        )
