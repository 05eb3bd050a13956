"""The target's end of the supervisor: is one there, ask it, start one, end one, clear up after a dead one."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from probes.errors import TargetError, TargetUnavailable
from probes.targets.embedded.bringing_up import last_line
from probes.targets.embedded.identity import is_same, marked

__all__ = ["Link"]

_ANSWER_S = 10.0
_START_S = 20.0
_END_S = 30.0
_STARTED: dict[int, subprocess.Popen[bytes]] = {}
"""Supervisors that are children of this process: whoever ends one reaps it."""


@dataclass(frozen=True, slots=True)
class Link:
    """The state folder of a project, and the supervisor that works in it."""

    state: Path

    @property
    def pid(self) -> int | None:
        """Of the supervisor, if that very process is running."""
        try:
            about = json.loads((self.state / "supervisor.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return int(about["pid"]) if is_same(about["pid"], about["ticks"]) else None

    def ask(self, order: str, service: str = "", timeout_s: float = _ANSWER_S) -> dict[str, Any]:
        """Send one order and return its answer. Raises TargetUnavailable, TargetError."""
        line = json.dumps({"do": order, "service": service}).encode() + b"\n"
        folder = -1
        try:
            folder = os.open(self.state, os.O_PATH)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(timeout_s)
                connection.connect(f"/proc/self/fd/{folder}/control")
                connection.sendall(line)
                with connection.makefile("rb") as stream:
                    answer: dict[str, Any] = json.loads(stream.readline())
        except (OSError, ValueError) as error:
            raise TargetUnavailable(
                f"The supervisor of the embedded target in {self.state} did not answer {order!r} within "
                f"{timeout_s:g} s ({error}); bring the stack down and up again."
            ) from error
        finally:
            if folder >= 0:
                os.close(folder)
        if "error" in answer:
            raise TargetError(f"The embedded target refused {order} {service}: {answer['error']}.")
        return answer

    def start(self, *, die_with_parent: bool) -> None:
        """Start a supervisor on the folder's plan and wait until it answers. Raises TargetError."""
        command = [sys.executable, "-P", "-m", "probes.targets.embedded.supervisor", str(self.state)]
        if die_with_parent:
            command += ["--die-with-parent", str(os.getpid())]
        log = self.state / "supervisor.log"
        # The package is found wherever the caller found it, also where it is not installed.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=self.state,
                env=environment,
            )
        try:
            self._wait_for(process, log)
        except BaseException:
            process.kill()
            process.wait()
            raise
        _STARTED[process.pid] = process

    def _wait_for(self, process: subprocess.Popen[bytes], log: Path) -> None:
        until = time.monotonic() + _START_S
        while self.pid != process.pid:
            if process.poll() is not None or time.monotonic() > until:
                raise TargetError(f"The supervisor of the embedded target did not start: {last_line(log)}")
            time.sleep(0.01)

    def end(self) -> None:
        """End the supervisor and every process that carries the folder's marker; remove the folder."""
        pid = self.pid
        if pid is not None:
            self._end_supervisor(pid)
        _reap()
        strays = [process for stray in marked(self.state) if (process := _process(stray)) is not None]
        for process in strays:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(strays, timeout=_ANSWER_S)
        # Never a folder that no supervisor of ours has worked in.
        if any((self.state / name).exists() for name in ("plan.json", "supervisor.json")):
            shutil.rmtree(self.state, ignore_errors=True)

    def _end_supervisor(self, pid: int) -> None:
        process = _process(pid)
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except psutil.TimeoutExpired:
            # It hangs; the kernel ends its services with it.
            process.kill()
            process.wait(_ANSWER_S)


def _reap() -> None:
    for pid, child in list(_STARTED.items()):
        if child.poll() is not None:
            del _STARTED[pid]


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
