"""The watchdog: a process of its own that undoes what lasts, should the runner be killed or be stuck.

`python -m probes.faults.watchdog PID`, started by the run before its first fault that lasts. It waits for the end of
process PID; what the ledger still holds then, nobody else will undo. A runner that lives but lets a fault outlast
its bound (stopped, say) does not keep the watchdog from undoing it.
"""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from probes.errors import RunRefused, StehaufError, TargetError
from probes.faults.undo import is_there, undo
from probes.run.ledger import Ledger
from probes.run.lock import TargetLock
from probes.run.opening import open_target
from probes.settings import Settings
from probes.targets.api import Target

__all__ = ["main", "start_watchdog"]

logger = logging.getLogger("watchdog")

_LATE_S = 5.0
"""Past its bound by this much, a fault is not left to a runner that lives."""
_LOOK_S = 0.5
_PATIENCE_S = 600.0
"""How long an undo is tried again; after that, `chaos heal` or the next run does it."""


def start_watchdog(settings: Settings, target: Target) -> "subprocess.Popen[bytes]":
    """Start it for this process and target, detached. Raises TargetError where that is impossible."""
    settings.state.mkdir(parents=True, exist_ok=True)
    environment = {**settings.environment, "STEHAUF_TARGET": target.name, "STEHAUF_PROJECT": target.project}
    try:
        with (settings.state / "watchdog.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "probes.faults.watchdog", str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise TargetError(
            f"The watchdog, which undoes faults if this run is killed, could not be started: {error.strerror}. "
            "Nothing was broken"
        ) from error


def watch(runner: int, parent: int, settings: Settings) -> None:
    """Wait for the runner's end, undo what is due, and return when nothing is left to do."""
    target, _ = open_target(settings)
    ledger = Ledger(settings.state, target.name, target.project)
    try:
        alive = os.pidfd_open(runner) if parent == runner else None
    except ProcessLookupError:
        alive = None
    while alive is not None and not select.select([alive], [], [], _LOOK_S)[0]:
        _undo_due(target, ledger, time.time_ns() - round(_LATE_S * 1e9))
    _undo_rest(target, ledger, settings.state)


def _undo_due(target: Target, ledger: Ledger, before_ns: int) -> None:
    for entry in list(ledger):
        if entry.deadline_ns is not None and entry.deadline_ns < before_ns:
            _undo(target, ledger, entry.id)


def _undo_rest(target: Target, ledger: Ledger, state: Path) -> None:
    """The runner is gone. Whoever takes the target meanwhile heals it: then there is nothing to do here."""
    deadline = time.monotonic() + _PATIENCE_S
    lock = TargetLock(state, target.name, target.project)
    while list(ledger) and time.monotonic() < deadline:
        try:
            lock.acquire("the watchdog of a run that was killed")
        except RunRefused:
            time.sleep(_LOOK_S)
            continue
        try:
            for entry in sorted(ledger, key=lambda one: one.asked_ns, reverse=True):
                _undo(target, ledger, entry.id)
        finally:
            lock.release()
        if list(ledger):
            time.sleep(_LOOK_S)


def _undo(target: Target, ledger: Ledger, entry_id: str) -> None:
    entry = next((one for one in ledger if one.id == entry_id), None)
    if entry is None:
        return
    try:
        if is_there(target, entry):
            logger.info("%s", undo(target, entry, within=10.0))
        ledger.strike(entry)
    except StehaufError as error:
        logger.warning("%s", error)


def main(arguments: list[str]) -> None:
    """Watch over the process whose id is given."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C in the terminal is the run's
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with contextlib.suppress(StehaufError):
        watch(int(arguments[0]), parent, Settings.from_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
