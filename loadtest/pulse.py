"""What the generator says of itself, once a second: was it, and not the server, the limit."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import gevent

__all__ = ["Pulse"]

_EVERY_S = 1.0
_TICK_S = 0.02


class Pulse:
    """Appends to `load-PID.pulse.jsonl`: the share of a core that this process used, and how late it was.

    Late is what a timer of 20 ms shows: as long as it is overdue, no answer is read and no request sent.
    """

    def __init__(self, directory: Path, outstanding: Callable[[], int]) -> None:
        path = directory / f"load-{os.getpid()}.pulse.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._outstanding = outstanding

    def beat(self, spoilt: Callable[[OSError], None]) -> None:
        """Go on until killed; `spoilt` is told when the disk refuses."""
        try:
            while True:
                self._second()
        except OSError as error:
            spoilt(error)

    def _second(self) -> None:
        began, used, late = time.monotonic(), time.process_time(), 0.0
        now = began
        while now < began + _EVERY_S:
            gevent.sleep(_TICK_S)
            before, now = now, time.monotonic()
            late = max(late, now - before - _TICK_S)
        line = {
            "at_ns": time.time_ns(),
            "cpu": round((time.process_time() - used) / (now - began), 3),
            "late_s": round(late, 4),
            "outstanding": self._outstanding(),
        }
        data = json.dumps(line).encode() + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError(28, "the disk took only a part of a line")
