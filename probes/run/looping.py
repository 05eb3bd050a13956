"""A crash loop: crash, wait until the target's own evidence of it is complete, crash again."""

import time
from dataclasses import dataclass
from itertools import count

from probes.errors import ConfigurationError, StehaufError
from probes.run.ledger import Entry
from probes.run.session import Session
from probes.targets.api import Instance
from reports.evidence.reader import Evidence
from reports.figures import receipt
from reports.figures.recovery import died_event, started_event
from reports.figures.windows import FOREVER

__all__ = ["CrashLoop", "check_bounds"]

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


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """A loop over one instance, under one entry of the ledger."""

    session: Session
    entry: Entry
    times: int
    for_seconds: float

    def run(self, instance: Instance) -> list[str]:
        """The ids of the crashes made; the first is the entry's own.

        Ends after `times` crashes if the target then keeps the service away by itself; else it goes on. No crash
        is asked for later than `for_seconds` after the first. Raises what the target raises.
        """
        begun = time.monotonic()
        made: list[str] = []
        for number in count(1):
            asked = time.monotonic()
            made.append(self.entry.id if number == 1 else f"{self.entry.id}-{number}")
            self._crash(made[-1], instance)
            if not self._is_back(made[-1], begun + self.for_seconds):
                break
            if number >= self.times and self._away_s(made[-1]) >= _BACKED_OFF_S:
                break
            time.sleep(max(0.0, asked + _EVERY_S - time.monotonic()))
            if time.monotonic() >= begun + self.for_seconds:
                break
            instance = self._again(instance)
        return made

    def _crash(self, fault_id: str, instance: Instance) -> None:
        recorder, loop = self.session.recorder, self.entry.id
        recorder.fault("asked", fault_id, "crash", instance, loop=loop)
        self.session.check()
        try:
            self.session.target.crash(instance)
        except StehaufError as error:
            recorder.fault("failed", fault_id, "crash", instance, str(error), loop=loop)
            raise
        recorder.fault("injected", fault_id, "crash", instance, loop=loop)

    def _is_back(self, fault_id: str, deadline: float) -> bool:
        """Wait for the receipt: what comes later would blur it. False: the time is over."""
        while time.monotonic() < deadline:
            evidence = Evidence(self.session.directory)
            fault = next(fault for fault in evidence.faults if fault.id == fault_id)
            if receipt(evidence, fault).proved:
                return True
            self.session.check()
            time.sleep(_LOOK_S)
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
