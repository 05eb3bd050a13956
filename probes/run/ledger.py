"""The faults that are not undone yet, on disk: written before the injection, struck off after a verified undo.

A run that dies with SIGKILL leaves its entries: its watchdog, `chaos heal` or the next run heals what it finds.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from probes.errors import TargetError

__all__ = ["Entry", "Ledger"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A fault on its way in, in place, or on its way out."""

    id: str
    fault: str
    service: str
    instance: str
    run: str
    asked_ns: int
    deadline_ns: int | None = None
    """When it ends by itself at the latest, UTC nanoseconds; None: it does not last."""
    before: dict[str, Any] = field(default_factory=dict)
    """What its undo must know of the target as it was before."""


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
            except FileNotFoundError:
                continue  # struck off meanwhile, by the watchdog or the keeper
            except (ValueError, TypeError) as error:
                raise TargetError(
                    f"Tried to read {path}, the note of a fault that may not be undone yet: {error}. "
                    "See that every service runs, and delete that file"
                ) from error
