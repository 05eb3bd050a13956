"""Follows this machine's own neighbour table: what an observer here adds to a recovery that it watches.

Whoever asks a container while it is away leaves an entry that is not resolved, and the kernel asks for such an
address only once a second: what comes after the container's start is then the observer's own waiting.
"""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["NeighbourWatch"]

_TABLE = Path("/proc/net/arp")
_EVERY_S = 0.01
_COMPLETE = 0x2
"""ATF_COM of linux/if_arp.h: the hardware address is known."""

Append = Callable[[str, Mapping[str, Any]], None]


class NeighbourWatch:
    """Reads the table a hundred times a second (30 µs each) and writes what changed; no-op where there is no table."""

    def __init__(self, append: Append, table: Path = _TABLE) -> None:
        self._append = append
        self._table = table
        self._known: dict[tuple[str, str], bool] = {}
        self._told: set[tuple[str, str]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="neighbours", daemon=True)

    def start(self) -> None:
        """Read once, and then follow."""
        self.read()
        self._thread.start()

    def stop(self) -> None:
        """Read a last time and end."""
        self._stop.set()
        self._thread.join(timeout=1)
        self.read()

    def read(self) -> None:
        """Write each change of an entry since the last time; of one that was never unresolved, nothing."""
        try:
            rows = [line.split() for line in self._table.read_text(encoding="ascii").splitlines()[1:]]
            now = {(row[0], row[5]): bool(int(row[2], 16) & _COMPLETE) for row in rows}
        except (OSError, ValueError, IndexError):
            return
        at_ns = time.time_ns()
        for entry in now.keys() | self._known.keys():
            resolved = now.get(entry)
            if resolved != self._known.get(entry) and (resolved is False or entry in self._told):
                self._told.add(entry)
                line = {"at_ns": at_ns, "address": entry[0], "device": entry[1], "resolved": resolved}
                self._append("neighbours.jsonl", line)
        self._known = now

    def _follow(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.read()
