"""The faults that are not undone yet, on disk: written before the injection, struck off after a verified undo.

A run that dies with SIGKILL leaves its entries; the next run heals what it finds before it begins.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from probes.errors import TargetError
from probes.targets.api import Inspectable, Instance, Pausable, Stoppable

__all__ = ["Entry", "Healable", "Ledger", "undo"]


class Healable(Inspectable, Stoppable, Pausable, Protocol):
    """What an undo needs of a target."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A fault on its way in, in place, or on its way out."""

    id: str
    fault: str
    service: str
    instance: str
    run: str
    asked_ns: int


class Ledger:
    """One file an entry, for one project on one target."""

    def __init__(self, state: Path, target: str, project: str) -> None:
        self._folder = state / "ledger" / f"{target}-{project}"

    def enter(self, entry: Entry) -> None:
        """Write an entry through to the disk before the fault may be injected. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{entry.id}.partial"
        with partial.open("w", encoding="utf-8") as file:
            json.dump(asdict(entry), file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._folder / f"{entry.id}.json")

    def strike(self, entry: Entry) -> None:
        """The undo was verified."""
        (self._folder / f"{entry.id}.json").unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Entry]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield Entry(**json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError) as error:
                raise TargetError(
                    f"Tried to read {path}, the note of a fault that may not be undone yet: {error}. "
                    "See that every service runs, and delete that file"
                ) from error


def undo(target: Healable, entry: Entry, within: float = 30.0) -> str:
    """Bring the instance of an entry back to running, and verify it by inspection.

    Gives a sentence that says what was found and done. Raises TargetError where it does not run within
    `within` seconds.
    """
    deadline = time.monotonic() + within
    found = _find(target, entry)
    if found is None:
        return f"{entry.service}: the instance that {entry.run} broke is gone, nothing to undo"
    first = found.state
    while found is not None and found.state != "running":
        if found.state == "paused":
            target.resume(found)
        elif found.state in ("stopped", "created"):
            target.start(found)
        elif time.monotonic() > deadline:
            raise TargetError(f"{entry.service} was to run again after {entry.fault}, but is {found.state}")
        if time.monotonic() > deadline:
            raise TargetError(f"{entry.service} does not stay up after {entry.fault}: look at its log")
        time.sleep(0.1)
        found = _find(target, entry)
    return f"{entry.service}: was {first} after {entry.fault} by {entry.run}, runs"


def _find(target: Inspectable, entry: Entry) -> Instance | None:
    return next((i for i in target.instances(entry.service) if i.id == entry.instance), None)
