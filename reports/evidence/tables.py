"""Sample files as numpy tables: one `SampleFile` a writer, all of one name together a `Source`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports.evidence.jsonl import read_json, read_lines
from reports.evidence.samples import DEGRADED, RECORD
from reports.words import N_, say

__all__ = ["TABLE", "SampleFile", "Source", "Table", "binned", "degraded", "done_ns", "failed", "good", "sent_ns"]

TABLE = np.dtype(
    [
        ("due_ns", "<u8"),
        ("latency_us", "<u4"),
        ("lag_100us", "<u2"),
        ("status", "<u2"),
        ("flags", "u1"),
        ("name", "u1"),
        ("content", "<u2"),
    ]
)
"""`RECORD` of `samples.py`, field by field."""

Table = NDArray[np.void]
Mask = NDArray[np.bool_]
Times = NDArray[np.int64]


def _answered(table: Table) -> Mask:
    return np.asarray((table["status"] >= 200) & (table["status"] < 400))  # noqa: PLR2004 - HTTP's classes


def good(table: Table) -> Mask:
    """Answered 2xx or 3xx, and nothing to say against it."""
    return np.asarray(_answered(table) & (table["flags"] == 0))


def degraded(table: Table) -> Mask:
    """Answered 2xx or 3xx with a fallback that says so, and nothing else against it."""
    return np.asarray(_answered(table) & (table["flags"] == DEGRADED))


def failed(table: Table) -> Mask:
    """Everything else."""
    return np.asarray(~(good(table) | degraded(table)))


def done_ns(table: Table) -> Times:
    """When the answer was complete, or was given up."""
    return _later(table, "latency_us", 1_000)


def sent_ns(table: Table) -> Times:
    """When the request really left: due, plus the generator's own delay."""
    return _later(table, "lag_100us", 100_000)


def _later(table: Table, field: str, unit_ns: int) -> Times:
    at = table["due_ns"].astype(np.int64)
    at += np.multiply(table[field], unit_ns, dtype=np.int64)
    return at


def binned(table: Table, edges: NDArray[np.float64]) -> Iterator[tuple[int, Table]]:
    """Each bin that is not empty, with its samples: due from one edge on and before the next.

    `table` is in order of the time due, as a source's is: so a bin is a stretch of it, and nothing is copied.
    """
    cuts = np.searchsorted(table["due_ns"], edges.astype(np.uint64), side="left")
    for number, (begin, end) in enumerate(pairwise(cuts)):
        if end > begin:
            yield number, table[begin:end]


class SampleFile:
    """One writer's samples, as many as there are when this is made; each part is read when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._whole, self.torn_bytes = divmod(path.stat().st_size, RECORD.size)
        except OSError:
            self._whole, self.torn_bytes = 0, 0

    @property
    def table(self) -> Table:
        """The whole records, in the order written; none where the file is gone or cut short by now.

        Mapped anew each time and not kept: an hour's samples are not held twice, here and in the order of their times.
        """
        try:
            if self._whole:  # nothing cannot be mapped
                return np.asarray(np.memmap(self.path, TABLE, mode="r", shape=(self._whole,)))
        except (OSError, ValueError):
            pass
        return np.empty(0, TABLE)

    @cached_property
    def about(self) -> dict[str, Any] | None:
        """What the writer says of itself; None where that cannot be read."""
        return read_json(self.path.with_suffix(".json"))

    @cached_property
    def contents(self) -> dict[int, str]:
        """Texts by their number; empty where none were kept."""
        lines = read_lines(self.path.with_suffix(".contents.jsonl")).objects
        return {
            line["content"]: line["text"]
            for line in lines
            if isinstance(line.get("content"), int) and isinstance(line.get("text"), str)
        }

    def damage(self) -> list[str]:
        """A sentence for each sign that this file is not what its writer wrote."""
        found: list[str] = [say("{file} ends with a torn record", file=self.path.name)] if self.torn_bytes else []
        if self.about is None:
            return [*found, say("{file} is missing or cannot be read", file=self.path.with_suffix(".json").name)]
        written = self.about.get("samples")
        if isinstance(written, int) and written != len(self.table):
            told = N_("{file} holds {there} samples, its writer wrote {written}")
            found.append(say(told, file=self.path.name, there=len(self.table), written=written))
        if read_lines(self.path.with_suffix(".contents.jsonl")).damaged:
            name = self.path.with_suffix(".contents.jsonl").name
            found.append(say("{file} has damaged lines", file=name))
        missing = set(np.unique(self.table["content"]).tolist()) - {0} - self.contents.keys()
        if missing:
            told = N_("{file} refers to {count} contents that are not there")
            found.append(say(told, file=self.path.name, count=len(missing)))
        return found


@dataclass(frozen=True)
class Source:
    """Everything that one kind of user sent: `load`, or `canary:NAME`."""

    name: str
    files: Sequence[SampleFile]

    @cached_property
    def table(self) -> Table:
        """All samples, ordered by the time they were due."""
        tables = [file.table for file in self.files]
        together = tables[0] if len(tables) == 1 else np.concatenate([np.empty(0, TABLE), *tables])
        due = together["due_ns"]
        return together if (due[:-1] <= due[1:]).all() else together[np.argsort(due, kind="stable")]

    @cached_property
    def rate(self) -> float | None:
        """Requests a second that its writers meant to send, at the least; None for a closed loop."""
        rates = [(file.about or {}).get("rate") for file in self.files]
        numbers = [float(rate) for rate in rates if isinstance(rate, int | float) and rate > 0]
        shared = any("share" in (file.about or {}) for file in self.files)
        return sum(numbers) or None if shared else min(numbers, default=None)

    @cached_property
    def url(self) -> str:
        """Where the requests went."""
        abouts = [file.about or {} for file in self.files]
        return next((str(about.get("url") or about.get("host") or "") for about in abouts), "")
