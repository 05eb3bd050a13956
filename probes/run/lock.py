"""One run at a time on a target: a file lock that dies with its owner."""

import json
import os
from pathlib import Path

from filelock import FileLock, Timeout

from probes.errors import RunRefused

__all__ = ["TargetLock"]


class TargetLock:
    """Holds a target for one run. The lock is the kernel's (flock): SIGKILL of its owner frees it."""

    def __init__(self, state: Path, target: str, project: str) -> None:
        folder = state / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        self._what = f"project {project} on target {target}"
        self._holder = folder / f"{target}-{project}.json"
        self._lock = FileLock(folder / f"{target}-{project}.lock", timeout=0)

    def acquire(self, run: str) -> None:
        """Take it for a run or a command, or raise RunRefused that names the one that has it."""
        try:
            self._lock.acquire()
        except Timeout:
            raise RunRefused(f"The {self._what} is held by {self._described()}: wait for it to end") from None
        self._holder.write_text(json.dumps({"run": run, "pid": os.getpid()}), encoding="utf-8")

    def release(self) -> None:
        """Give it back; no-op where it is not held."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()

    def _described(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"{holder['run']} (process {holder['pid']})"
        except (OSError, ValueError, KeyError):
            return "another run"
