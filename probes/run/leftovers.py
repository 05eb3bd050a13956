"""What a run that was killed left on the target, and its healing."""

from collections.abc import Iterator
from datetime import UTC, datetime

from probes.faults.undo import is_left, is_there, undo
from probes.run.ledger import Entry, Ledger
from probes.targets.abilities import Sweepable
from probes.targets.api import Target

__all__ = ["heal_all", "left_behind"]


def left_behind(target: Target, ledger: Ledger) -> list[str]:
    """A sentence for each fault that is not undone, and for each thing of ours that no fault accounts for."""
    found = [_told(entry) for entry in _last_first(ledger) if is_left(target, entry)]
    return [*found, *_strays(target, ledger)]


def heal_all(target: Target, ledger: Ledger) -> Iterator[str]:
    """Undo all of it, the last fault first; a sentence for each thing done. Raises TargetError where one resists."""
    for entry in _last_first(ledger):
        if is_there(target, entry):
            yield undo(target, entry)
        else:
            yield f"{entry.service}: what {entry.run} broke is gone, nothing to undo"
        ledger.strike(entry)


def _last_first(ledger: Ledger) -> list[Entry]:
    return sorted(ledger, key=lambda entry: entry.asked_ns, reverse=True)


def _strays(target: Target, ledger: Ledger) -> list[str]:
    if not isinstance(target, Sweepable):
        return []
    known = [entry.id for entry in ledger]
    return [told for fault, told in target.strays() if not any(one.startswith(fault) for one in known)]


def _told(entry: Entry) -> str:
    asked = datetime.fromtimestamp(entry.asked_ns / 1e9, UTC)
    return f"{entry.service}: {entry.fault} by {entry.run}, asked for at {asked:%H:%M:%S} UTC, is not undone"
