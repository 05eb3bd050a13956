"""What a relay hands over, written as a load on this machine would have written it."""

import base64
import binascii
import json
import os
import re
import time
from collections import deque
from pathlib import Path
from typing import Any

from probes.errors import RecordingFailed

__all__ = ["Files"]

_NAME = re.compile(r"(?P<kind>load|orders)-(?P<writer>\d+)(?P<ending>\.samples|\.json|\.jsonl|\.pulse\.jsonl)")
_KEYS = {"ended", "file", "at", "data", "at_ns"}
_SIGNS = 10
_CLOCK_S = 0.1
"""As for the events of a node: by more than this its times cannot be put in order with the others."""
_PAGE = "locust.html"


class Files:
    """The files of one relay. `NAME-PID` becomes `NAME-NUMBER.PID`: two machines may give the same process id."""

    def __init__(self, directory: Path, number: int, node: str) -> None:
        self._directory = directory
        self._number = number
        self._node = node
        self._late: deque[float] = deque(maxlen=_SIGNS)
        self.has_samples = False
        """Whether a request was recorded."""

    def take(self, line: bytes) -> int | None:
        """One line of the relay; the exit code where it says that all has ended.

        Raises RecordingFailed where it is not understood, or does not fit what came before; OSError.
        """
        try:
            part = json.loads(line)
            if not isinstance(part, dict) or not part.keys() <= _KEYS:
                raise ValueError(f"it reads {str(part)[:80]!r}")  # noqa: TRY301 - of what came, not of a caller
            if "ended" in part:
                return int(part["ended"])
            if "at_ns" in part:
                self._compare(time.time_ns() - int(part["at_ns"]))
            if "file" in part:
                self._write(str(part["file"]), part.get("at"), base64.b64decode(part["data"], validate=True))
        except (ValueError, TypeError, KeyError, binascii.Error) as error:
            raise RecordingFailed(f"What came from the node {self._node} is not understood: {error}") from error
        return None

    def _compare(self, late_ns: int) -> None:
        """Its clock with ours: what came was said earlier, and the quickest of the last signs hardly so."""
        self._late.append(late_ns / 1e9)
        off_s = late_ns / 1e9 if late_ns < 0 else min(self._late) if len(self._late) == _SIGNS else 0.0
        if abs(off_s) > _CLOCK_S:
            raise RecordingFailed(
                f"The clock of the node {self._node} differs from this machine's by {abs(off_s):.1f} s, or what it "
                "says takes so long: its users' times cannot be put in order with the rest; set both by NTP"
            )

    def _write(self, name: str, at: Any, data: bytes) -> None:
        if name == _PAGE:
            (self._directory.parent / _PAGE).write_bytes(data)
            return
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"there is no evidence of the name {name!r}")
        path = self._directory / f"{match['kind']}-{self._number}.{match['writer']}{match['ending']}"
        if at is None:
            self._replace(path, data)
        else:
            _append(path, int(at), data)
            self.has_samples |= match["ending"] == ".samples" and bool(data)

    def _replace(self, path: Path, data: bytes) -> None:
        """What the writer says of itself, and where it ran."""
        partial = path.with_suffix(".tmp")
        partial.write_text(json.dumps({**json.loads(data), "node": self._node}), encoding="utf-8")
        partial.replace(path)


def _append(path: Path, at: int, data: bytes) -> None:
    """In one write; nothing is left out, and nothing comes twice."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        there = os.fstat(file).st_size
        if at != there:
            raise ValueError(f"{path.name} has {there} bytes, and what came begins at {at}")
        if os.write(file, data) != len(data):
            raise OSError(28, f"the disk took only a part of {path.name}")
    finally:
        os.close(file)
