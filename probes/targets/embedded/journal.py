"""Events on disk: the supervisor appends a line for each, a watcher follows the file."""

import json
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from probes.targets.api import Event, EventKind, EventSink

__all__ = ["Follower", "Journal"]

_LOOK_S = 0.01
"""How often a follower looks for new lines: the bound on `seen_ns` - `at_ns`."""


class Journal:
    """Appends events; one whole line a write, so that a reader never sees half of one for long."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, service: str, kind: EventKind, at_ns: int | None = None, **details: Any) -> None:
        """Append one event, which happened at `at_ns`, or now."""
        event = Event(at_ns or time.time_ns(), 0, service, service, kind, **details)
        os.write(self._descriptor, json.dumps(asdict(event)).encode() + b"\n")


class Follower:
    """Reads new events in a thread until it is closed or the supervisor ends."""

    def __init__(self, path: Path, supervisor: int, sink: EventSink, failed: Callable[[str], None]) -> None:
        self._file = path.open("rb")
        self._file.seek(0, os.SEEK_END)
        self._supervisor = supervisor
        self._sink, self._failed = sink, failed
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="embedded-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Deliver what is written by now, and end the thread."""
        self._closing.set()
        self._thread.join()
        self._file.close()
        os.close(self._supervisor)

    def _follow(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - whatever the sink raises, no later event is heard
            self._failed(f"An event of the embedded target could not be taken in ({error}); later ones are lost.")

    def _read(self) -> None:
        rest = b""
        while True:
            closing = self._closing.is_set()
            ended = select.select([self._supervisor], [], [], 0 if closing else _LOOK_S)[0]
            *lines, rest = (rest + self._file.read()).split(b"\n")
            for line in lines:
                self._sink(Event(**{**json.loads(line), "seen_ns": time.time_ns()}))
            if ended and not closing:
                self._failed("The supervisor of the embedded target ended; what its services did after is unknown.")
            if ended or closing:
                return
