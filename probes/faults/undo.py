"""Undo a fault from its entry in the ledger, and verify that by reading the target's state back."""

import time
from collections.abc import Callable
from typing import Protocol

from probes.errors import TargetError
from probes.faults.kinds import Lasting
from probes.faults.table import LASTING
from probes.run.ledger import Entry
from probes.targets.api import Inspectable, Instance, Mendable, Stack

__all__ = ["Healable", "is_left", "is_there", "undo"]

_EVERY_S = 0.1


class Healable(Inspectable, Mendable, Stack, Protocol):
    """What the undo of any fault needs of a target."""


def undo(target: Healable, entry: Entry, within: float = 30.0) -> str:
    """Take the fault of an entry away, or bring what it ended back to running; verified by inspection.

    Gives a sentence that says what was found and done. Raises TargetError where something of it is left after
    `within` seconds.
    """
    found = _find(target, entry)
    if found is None:
        return f"{entry.service}: the instance that {entry.run} broke is gone, nothing to undo"
    kind = LASTING.get(entry.fault)
    if kind is None:
        return _run_again(target, entry, found, within)
    return _take_away(target, entry, kind, found, within)


def _take_away(target: Healable, entry: Entry, kind: type[Lasting], found: Instance, within: float) -> str:
    first = kind.left(target, found, entry)

    def left() -> str:
        now = _find(target, entry)
        if now is None:
            return ""
        kind.undo(target, now, entry)
        return kind.left(target, now, entry)

    if rest := _until_nothing(left, within):
        raise TargetError(f"{entry.fault} of {entry.service} could not be undone within {within:g} s: {rest}")
    return f"{entry.service}: {entry.fault} by {entry.run} {'undone (' + first + ')' if first else 'was gone already'}"


def _run_again(target: Healable, entry: Entry, found: Instance, within: float) -> str:
    first = found.state

    def left() -> str:
        now = _find(target, entry)
        if now is not None and now.state == "paused":
            target.resume(now)
        elif now is not None and now.state in ("stopped", "created"):
            target.start(now)
        return "" if now is None or now.state == "running" else f"it is {now.state}, look at its log"

    if rest := _until_nothing(left, within):
        raise TargetError(f"{entry.service} was to run again within {within:g} s after {entry.fault}: {rest}")
    return f"{entry.service}: was {first} after {entry.fault} by {entry.run}, runs"


def _until_nothing(left: Callable[[], str], within: float) -> str:
    deadline = time.monotonic() + within
    while rest := left():
        if time.monotonic() > deadline:
            return rest
        time.sleep(_EVERY_S)
    return ""


def is_there(target: Healable, entry: Entry) -> bool:
    """Whether there is still something that the fault of an entry could be left in."""
    return _outlives(entry) or (target.is_up() and entry.service in target.services())


def is_left(target: Healable, entry: Entry) -> bool:
    """Whether the fault of an entry is still to be undone.

    What lasts is, until its undo was verified. What ended a process left nothing as soon as that runs again: the
    restart policy may have seen to it, with nobody there to strike the entry off.
    """
    if entry.fault in LASTING:
        return True
    found = _find(target, entry) if is_there(target, entry) else None
    return found is not None and found.state != "running"


def _outlives(entry: Entry) -> bool:
    """Whether the fault concerns more than its instance: a machine stays drained when the stack is gone."""
    return bool(getattr(LASTING.get(entry.fault), "outlives", False))


def _find(target: Inspectable, entry: Entry) -> Instance | None:
    if _outlives(entry):
        return Instance(entry.service, entry.instance, "stopped", "none", 0, None, None, None)
    return next((one for one in target.instances(entry.service) if one.id == entry.instance), None)
