"""Which process is it really: a pid alone may have gone to another by now (Linux, /proc)."""

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["MARKER", "is_frozen", "is_same", "marked", "start_ticks"]

MARKER = "STEHAUF_EMBEDDED"
"""The variable that every process of ours carries, with the state folder as its value: the label of a process."""


def start_ticks(pid: int) -> int | None:
    """When the process began, in clock ticks since boot: with the pid this is unique. None if it is gone."""
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else int(fields[19])


def is_same(pid: int, ticks: int) -> bool:
    """Whether that very process still runs."""
    return start_ticks(pid) == ticks


def is_frozen(pid: int) -> bool:
    """Whether the process is stopped by SIGSTOP."""
    fields = _stat(pid)
    return fields is not None and fields[0] == "T"


def marked(state: Path) -> Iterator[int]:
    """Pids of the processes, services and all that they started, that carry this state folder's marker."""
    wanted = f"{MARKER}={state}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if wanted in environment.split(b"\0"):
                yield int(entry.name)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name (which may hold anything): state first."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
