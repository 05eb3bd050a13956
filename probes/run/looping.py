"""A crash loop: crash, wait until the target's own evidence of it is complete, crash again."""

import logging
import time
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from probes.errors import ConfigurationError, StehaufError
from probes.faults.selection import refuse_broken, select
from probes.run.ledger import Entry
from probes.run.session import Session, current
from probes.targets.api import Instance
from reports.evidence.reader import Evidence
from reports.figures import receipt
from reports.figures.recovery import died_event, started_event
from reports.figures.windows import FOREVER

__all__ = ["CrashLoop", "check_bounds", "loop"]

logger = logging.getLogger("chaostoolkit")

_OVER = object()

_EVERY_S = 0.5
"""At least this long from one crash to the next: a service that restarts at once shall get to start."""
_LOOK_S = 0.05
_BACKED_OFF_S = 1.0
"""Away for longer than this between death and start, a service is held back by its engine."""
_LONGEST_S = 30.0
_MOST = 20


def check_bounds(times: int, for_seconds: float) -> None:
    """Raise ConfigurationError for a loop whose undo could not be waited for.

    Docker's pause doubles with each crash: after 30 s of looping it is half a minute.
    """
    if isinstance(times, bool) or not isinstance(times, int) or not 2 <= times <= _MOST:  # noqa: PLR2004
        raise ConfigurationError(f"crash_loop: times reads {times!r}; it takes a number of crashes, 2 to {_MOST}")
    number = isinstance(for_seconds, int | float) and not isinstance(for_seconds, bool)
    if not number or not 0 < for_seconds <= _LONGEST_S:
        raise ConfigurationError(
            f"crash_loop: for_seconds reads {for_seconds!r}; it takes seconds, more than 0 and at most {_LONGEST_S:g}"
        )


def loop(service: str, chosen: dict[str, Any], times: int, for_seconds: float) -> dict[str, Any]:
    """Crash the chosen instances of a service in loops that go on side by side.

    Gives the service and its loops: each with its id, its instance and the ids of its crashes; and the first of them.
    Raises ConfigurationError, UnknownService and TargetDegraded before anything was done, and what the target raises.
    """
    session = current()
    selection = select(session.target, service, **chosen)
    for instance in selection.instances:
        refuse_broken(instance)
    session.recorder.snapshot("before-fault", service)
    session.recorder.check()
    loops = []
    for instance in selection.instances:
        id_ = uuid.uuid4().hex[:12]
        entry = Entry(id_, "crash_loop", service, instance.id, session.about.name, time.time_ns())
        session.ledger.enter(entry)
        loops.append(CrashLoop(session, entry, times, for_seconds, selection.told()))
    going = [one.run(instance) for one, instance in zip(loops, selection.instances, strict=True)]
    while going:
        going = [one for one in going if next(one, _OVER) is not _OVER]
        time.sleep(_LOOK_S)
    for one in loops:
        logger.info("Fault: %s was made to crash %d times", service, len(one.made))
    made = [{"loop": one.entry.id, "instance": one.entry.instance, "faults": one.made} for one in loops]
    return {"service": service, "loops": made, **made[0]}


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """A loop over one instance, under one entry of the ledger."""

    session: Session
    entry: Entry
    times: int
    for_seconds: float
    selection: dict[str, Any]
    made: list[str] = field(default_factory=list)
    """Ids of the crashes made so far; the first is the entry's own."""

    def run(self, instance: Instance) -> Iterator[None]:
        """Crash it, and yield wherever it is waited for.

        Ends after `times` crashes if the target then keeps the service away by itself; else it goes on. No crash
        is asked for later than `for_seconds` after the first. Raises what the target raises.
        """
        begun = time.monotonic()
        for number in count(1):
            asked = time.monotonic()
            self.made.append(self.entry.id if number == 1 else f"{self.entry.id}-{number}")
            self._crash(self.made[-1], instance)
            if not (yield from self._is_back(self.made[-1], begun + self.for_seconds)):
                break
            if number >= self.times and self._away_s(self.made[-1]) >= _BACKED_OFF_S:
                break
            while time.monotonic() < asked + _EVERY_S:
                yield
            if time.monotonic() >= begun + self.for_seconds:
                break
            instance = self._again(instance)

    def _crash(self, fault_id: str, instance: Instance) -> None:
        recorder, loop = self.session.recorder, self.entry.id
        recorder.fault("asked", fault_id, "crash", instance, loop=loop, selection=self.selection)
        self.session.check()
        try:
            self.session.target.crash(instance)
        except StehaufError as error:
            recorder.fault("failed", fault_id, "crash", instance, str(error), loop=loop)
            raise
        recorder.fault("injected", fault_id, "crash", instance, loop=loop)

    def _is_back(self, fault_id: str, deadline: float) -> Generator[None, None, bool]:
        """Wait for the receipt: what comes later would blur it. False: the time is over."""
        while time.monotonic() < deadline:
            evidence = Evidence(self.session.directory)
            fault = next(fault for fault in evidence.faults if fault.id == fault_id)
            if receipt(evidence, fault).proved:
                return True
            self.session.check()
            yield
        return False

    def _away_s(self, fault_id: str) -> float:
        evidence = Evidence(self.session.directory)
        fault = next(fault for fault in evidence.faults if fault.id == fault_id)
        died, started = died_event(evidence, fault, FOREVER), started_event(evidence, fault, FOREVER)
        return (started.at_ns - died.at_ns) / 1e9 if died and started else 0.0

    def _again(self, instance: Instance) -> Instance:
        """The same instance as it is now: the process is another one."""
        now = self.session.target.instances(instance.service)
        return next((one for one in now if one.id == instance.id), instance)
