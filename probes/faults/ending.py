"""Faults that are over at once: processes end by themselves, and what ended is to run again."""

import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from probes.errors import StehaufError
from probes.faults.kinds import require
from probes.faults.selection import refuse_broken, select
from probes.faults.table import ENDING
from probes.run.ledger import Entry
from probes.run.session import Session, current
from probes.targets.api import Instance

__all__ = ["Ending", "end"]

logger = logging.getLogger("chaostoolkit")


@dataclass(frozen=True, slots=True)
class Ending:
    """A fault that is over at once: the processes end."""

    kind: str
    told: str
    """What became of the service, for the log."""
    number: int | None = None
    """The signal's number."""
    exit_code: int | None = None
    """What a signal must leave for the receipt; None: what is usual."""

    def more(self) -> dict[str, Any]:
        """What the evidence keeps of it, beside its kind."""
        return {} if self.number is None else {"number": self.number, "exit_code": self.exit_code}


def end(fault: Ending, service: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """End the chosen instances of a service; gives the faults' ids with their instances.

    Raises ConfigurationError, UnknownService, FaultNotPossible and TargetDegraded before anything was done, and
    TargetError where the target refused.
    """
    session = current()
    require(session.target, ENDING[fault.kind], fault.kind)
    selection = select(session.target, service, **chosen)
    for instance in selection.instances:
        refuse_broken(instance)
    session.recorder.snapshot("before-fault", service)
    made = []
    for instance in selection.instances:
        entry = Entry(uuid.uuid4().hex[:12], fault.kind, service, instance.id, session.about.name, time.time_ns())
        session.recorder.check()
        session.ledger.enter(entry)
        session.recorder.fault("asked", entry.id, fault.kind, instance, selection=selection.told(), **fault.more())
        session.recorder.check()
        _end_one(session, entry, instance, fault)
        made.append({"fault": entry.id, "instance": instance.id})
    return {"service": service, "faults": made, **made[0]}


def _end_one(session: Session, entry: Entry, instance: Instance, fault: Ending) -> None:
    target: Any = session.target  # what it needs was asked of it
    orders = {
        "crash": lambda: target.crash(instance),
        "out_of_memory": lambda: target.exhaust(instance),
        "signal": lambda: target.signal(instance, fault.number),
    }
    try:
        orders[entry.fault]()
    except StehaufError as error:
        session.recorder.fault("failed", entry.id, entry.fault, instance, str(error))
        raise
    session.recorder.fault("injected", entry.id, entry.fault, instance)
    logger.info("Fault: %s %s", instance.service, fault.told)
