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
    "CANCELLED_CALL", "DEGRADED", "FAILED_CALL", "INVALID", "RECORD", "TIMEOUT", "Sample", "SampleWriter",
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
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(self._stem.with_name(self._stem.name + ".samples"), flags, 0o644)
        self._write_about()

    def write(self, sample: Sample) -> None:
        """Append one sample; the record is with the kernel when this returns."""
        record = RECORD.pack(
            sample.due_ns,
            min(round(sample.latency_s * 1e6), _U32),
            min(max(round(sample.lag_s * 1e4), 0), _U16),
            sample.status,
            sample.flags,
            self._index(sample.name),
            sample.content,
        )
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

    def note(self, **about: Any) -> None:
        """Say more of what wrote the samples. Raises OSError."""
        self._about |= about
        self._write_about()

    def close(self) -> None:
        """Close the file, and say how many samples it has to hold. Raises OSError."""
        try:
            self._about = {**self._about, "samples": self._count}
            self._write_about()
        finally:
            os.close(self._file)

    def _index(self, name: str) -> int:
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
