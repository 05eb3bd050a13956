"""Requests, one fixed record each, appended with one system call: what was written survives SIGKILL.

A sample file `NAME-PID.samples` holds 20-byte little-endian records (`RECORD`); beside it `NAME-PID.json`
says what wrote it and gives the request names that `Sample.name` indexes. A torn last record is dropped
on reading. A content, where the writer keeps contents, is a line of `NAME-PID.contents.jsonl`.
"""

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "CANCELLED_CALL", "COPY", "DEGRADED", "FAILED_CALL", "INVALID", "RECORD", "TIMEOUT", "Sample", "SampleWriter",
]  # fmt: skip

RECORD = struct.Struct("<QIHHBBH")
"""due_ns, latency_us, lag_100us, status, flags, name, content."""

DEGRADED = 1
"""Flag: the answer says of itself that it is a fallback."""
TIMEOUT = 2
"""Flag: no answer within the client's time-out (status is 0)."""
INVALID = 4
"""Flag: an answer came, but its content is not what was asked for."""
FAILED_CALL = 4
"""Flag, in files of calls alone: the caller had no use for what came, or nothing came."""
CANCELLED_CALL = 8
"""Flag, in files of calls alone: the caller gave it up, which says nothing of the other side."""
COPY = " at "
"""In names of calls: between the upstream and the address of the copy of it that was asked, where it has several."""

_U32 = 2**32 - 1
_U16 = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One request as its user felt it."""

    due_ns: int
    """When it was due (open loop) or sent (closed loop), UTC nanoseconds."""
    latency_s: float
    """Seconds from due to the last byte, or to giving up."""
    status: int
    """HTTP status; 0 where no answer came."""
    flags: int = 0
    name: str = ""
    lag_s: float = 0.0
    """Seconds that the generator sent it late: its own delay, never the server's."""
    content: int = 0
    """Line in the contents file, counted from 1; 0: not kept."""


class SampleWriter:
    """Appends samples to a file of its own in `directory`; one writer a process.

    Raises OSError when the disk refuses (full, read-only): the caller ends, and says so.
    """

    def __init__(self, directory: Path, name: str, about: dict[str, Any]) -> None:
        self._stem = directory / f"{name}-{os.getpid()}"
        self._about = {"format": 1, "writer": name, "pid": os.getpid(), **about}
        self._names: dict[str, int] = {}
        self._contents: dict[str, int] = {}
        self._count = 0
        self._write_about()  # first: whoever finds the samples finds out what they are
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(self._stem.with_name(self._stem.name + ".samples"), flags, 0o644)

    def write(self, sample: Sample) -> None:
        """Append one sample; the record is with the kernel when this returns."""
        latency_ns, lag_ns = round(sample.latency_s * 1e9), round(sample.lag_s * 1e9)
        name = self.index(sample.name)
        self.append(sample.due_ns, latency_ns, lag_ns, sample.status, sample.flags, name, sample.content)

    def append(  # noqa: PLR0913, PLR0917 - the fields of a record, without an object around them: this is hot
        self, due_ns: int, latency_ns: int, lag_ns: int, status: int, flags: int, name: int, content: int = 0
    ) -> None:
        """Append one sample in integers, `name` as `index` gave it; times in nanoseconds."""
        latency_us, lag_100us = (latency_ns + 500) // 1_000, (lag_ns + 50_000) // 100_000
        record = RECORD.pack(due_ns, min(latency_us, _U32), max(0, min(lag_100us, _U16)), status, flags, name, content)
        if os.write(self._file, record) != RECORD.size:
            raise OSError(28, "the disk took only a part of a sample")
        self._count += 1

    def content(self, text: str) -> int:
        """The number of a content, kept once: 1 for the first. 0 when 65,535 different ones were seen."""
        number = self._contents.get(text)
        if number is None:
            number = len(self._contents) + 1
            if number > _U16:
                return 0
            path = self._stem.with_name(self._stem.name + ".contents.jsonl")
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"content": number, "text": text}) + "\n")
            self._contents[text] = number
        return number

    def tell(self, **more: Any) -> None:
        """Add to what the writer says of itself. Raises OSError."""
        self._about |= more
        self._write_about()

    def close(self, *, failed: bool = False) -> None:
        """Close the file; say how many samples it has to hold and, where so, that it ends too early. Raises OSError."""
        try:
            self.tell(samples=self._count, **({"failed": True} if failed else {}))
        finally:
            os.close(self._file)

    def index(self, name: str) -> int:
        """The number of a request's name; 255 when there are too many."""
        index = self._names.get(name)
        if index is None:
            index = min(len(self._names), 255)
            if index < 255:  # noqa: PLR2004 - the record has one byte for it
                self._names[name] = index
                self._write_about()
        return index

    def _write_about(self) -> None:
        path = self._stem.with_name(self._stem.name + ".json")
        partial = path.with_suffix(".tmp")
        partial.write_text(json.dumps({**self._about, "names": list(self._names)}), encoding="utf-8")
        partial.replace(path)
