"""Writes what happens into the run's directory while it happens."""

import errno
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Protocol

from probes.errors import RecordingFailed, TargetError
from probes.run.redact import Redactor
from probes.targets.api import Event, Inspectable, Instance, Watchable
from reports.evidence.jsonl import JsonLines, write_json

__all__ = ["FaultPhase", "Recordable", "Recorder"]

logger = logging.getLogger("chaostoolkit")

_LEAST_BYTES = 2**20

FaultPhase = Literal["asked", "injected", "failed", "undone"]

_TOLD = {
    "die": "{service} died (exit code {exit_code})",
    "start": "{service} was started",
    "stop": "{service} was stopped",
    "pause": "{service} was paused",
    "resume": "{service} was resumed",
    "oom": "{service} ran out of memory",
    "health": "{service} is {health}",
}


class Recordable(Inspectable, Watchable, Protocol):
    """What recording needs of a target."""


class Recorder:
    """The evidence files of one run. Every method is safe from any thread.

    What it writes has passed the redactor: secrets become `***`.

    A disk that refuses does not raise in the thread that recorded: it sets `broken`, and `check` raises
    RecordingFailed where the experiment can be ended.
    """

    def __init__(self, directory: Path, target: Recordable, redact: Redactor | None = None) -> None:
        self.directory = directory
        self._redact = redact or Redactor()
        self.broken: str | None = None
        self._target = target
        self._lines: dict[str, JsonLines] = {}
        self._lock = threading.Lock()
        self._snapshots = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot")
        self._open = ExitStack()
        self.listeners: list[Callable[[Event], None]] = []
        """Told of each event after it was written, in the thread that follows them: they must be quick."""

    def start(self) -> frozenset[tuple[str, str]]:
        """Describe the system, take its first snapshot and follow its events from here on.

        Gives service and id of every instance that there is.
        """
        self.write("system.json", asdict(self._target.describe()))
        self._open.enter_context(self._target.watch(self._event, lambda why: self.problem("the target's events", why)))
        return self.snapshot("begin")

    def stop(self) -> None:
        """Take the last snapshot and stop following; evidence files stay open for later lines."""
        self._snapshots.shutdown(wait=True)
        self.snapshot("end")
        self._open.close()

    def append(self, file: str, line: Mapping[str, Any]) -> None:
        """Append one line to a JSON-lines file of the run."""
        with self._lock:
            if file not in self._lines:
                self._lines[file] = JsonLines(self.directory / file)
            lines = self._lines[file]
        try:
            lines.append(self._redact(dict(line)))
        except OSError as error:
            self._refused(file, error)

    def write(self, file: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file of the run whole."""
        try:
            write_json(self.directory / file, self._redact(content))
        except OSError as error:
            self._refused(file, error)

    def sweep(self) -> None:
        """Redact what others wrote into the run's directory."""
        try:
            self._redact.sweep(self.directory)
        except OSError as error:
            self._refused(str(error.filename), error)

    def problem(self, what: str, detail: str) -> None:
        """Note that evidence is incomplete: with any such line the verdict is not PASS."""
        logger.error("Recording: %s: %s", what, self._redact.text(detail))
        self.append("problems.jsonl", {"at_ns": time.time_ns(), "what": what, "detail": detail})

    def fault(
        self, phase: FaultPhase, fault_id: str, fault: str, instance: Instance, detail: str = "", **more: Any
    ) -> None:
        """Record a phase of a fault, as the injector sees it. The receipt comes from the target's events."""
        at_ns = time.time_ns()
        self.append(
            "faults.jsonl",
            {
                "id": fault_id,
                "phase": phase,
                "at_ns": at_ns,
                "fault": fault,
                "service": instance.service,
                "instance": instance.id,
                "detail": detail,
                **more,
            },
        )

    def reading(self, fault_id: str, when: Literal["before", "during", "after"], found: Mapping[str, Any]) -> None:
        """Record what was read back from the target about a fault: one line a name."""
        at_ns = time.time_ns()
        for what, value in found.items():
            line = {"fault": fault_id, "at_ns": at_ns, "when": when, "what": what, "value": value}
            self.append("readings.jsonl", line)

    def snapshot(self, when: str, service: str | None = None) -> frozenset[tuple[str, str]]:
        """Record the state of every instance, or of those of one service, by inspection; gives service and id."""
        seen = set()
        try:
            for name in [service] if service else self._target.services():
                for instance in self._target.instances(name):
                    line = {"at_ns": time.time_ns(), "when": when, **asdict(instance)}
                    self.append("instances.jsonl", line)
                    seen.add((instance.service, instance.id))
        except TargetError as error:
            self.problem("a snapshot of the target", str(error))
        return frozenset(seen)

    def check(self) -> None:
        """Raise RecordingFailed when evidence can no longer be written, or soon no more."""
        if shutil.disk_usage(self.directory).free < _LEAST_BYTES:
            self._refused("(anything)", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        if self.broken:
            raise RecordingFailed(self.broken)

    def _event(self, event: Event) -> None:
        self.append("events.jsonl", asdict(event))
        told = _TOLD.get(event.kind)
        if told:
            logger.info("Target: %s", told.format(**asdict(event)))
        if event.kind in ("die", "start", "health"):
            self._snapshots.submit(self.snapshot, "event", event.service)
        for listener in self.listeners:
            listener(event)

    def _refused(self, file: str, error: OSError) -> None:
        if self.broken is None:
            self.broken = (
                f"Tried to write {self.directory / file}: {error.strerror or error}. What happens from here on "
                "cannot be proved: make room on that disk, or set STEHAUF_RUNS to a folder on another one"
            )
            logger.error("Recording: %s", self.broken)
