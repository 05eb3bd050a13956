"""One supervised process: started, watched by its pidfd, started again by its restart policy."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from probes.targets.api import Health, State
from probes.targets.embedded.health import Checker
from probes.targets.embedded.identity import is_frozen, start_ticks
from probes.targets.embedded.journal import Journal
from probes.targets.embedded.plan import Process
from probes.targets.embedded.spawn import ended, spawn

__all__ = ["Runner"]

_AT_LEAST_S = 0.2
"""From one start to the next: a command that ends at once must not spin. Longer lives restart at once."""


class Runner:
    """Keeps one service as its restart policy says, until an operator says otherwise."""

    def __init__(self, plan: Process, journal: Journal, log: Path) -> None:
        self.plan = plan
        self.restart_count = 0
        self.started_ns: int | None = None
        self.exit_code: int | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.running, self.down = asyncio.Event(), asyncio.Event()
        self.checker = Checker(plan, journal)
        self._wanted = asyncio.Event()
        self._journal = journal
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.down.set()

    @property
    def state(self) -> State:
        """As seen now, a freeze included."""
        if self.process is not None:
            return "paused" if is_frozen(self.process.pid) else "running"
        if self._wanted.is_set():
            return "restarting" if self.started_ns else "created"
        return "stopped" if self.started_ns else "created"

    @property
    def health(self) -> Health:
        """`none` where there is no check."""
        return self.checker.health

    def report(self) -> dict[str, object]:
        """What the target is told: the fields of an Instance, and the start of the process in clock ticks."""
        pid = self.process.pid if self.process else None
        return {
            "service": self.plan.service,
            "state": self.state,
            "health": self.health,
            "restart_count": self.restart_count,
            "started_ns": self.started_ns,
            "pid": pid,
            "exit_code": self.exit_code,
            "ticks": start_ticks(pid) if pid else None,
        }

    async def run(self) -> None:
        """Serve the service for ever; cancelled at the supervisor's end."""
        while True:
            await self._wanted.wait()
            begun = time.monotonic()
            await self._live()
            ended_by_itself = self._wanted.is_set()
            self.down.set()
            if ended_by_itself and self.plan.restart == "no":
                self._wanted.clear()
            elif ended_by_itself:
                self.restart_count += 1
                await asyncio.sleep(max(0.0, begun + _AT_LEAST_S - time.monotonic()))

    def start(self) -> None:
        """An operator's start, or the first."""
        self._wanted.set()

    async def stop(self) -> None:
        """An operator's stop: SIGTERM, SIGKILL after the grace, no restart."""
        self._wanted.clear()
        if self.process is None:
            return
        self.send(signal.SIGTERM)
        # A frozen process acts on SIGTERM only when it is thawed.
        self._group(signal.SIGCONT)
        try:
            async with asyncio.timeout(self.plan.stop_grace_s):
                await self.down.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.down.wait()
        self._journal.write(self.plan.service, "stop")

    async def kill(self) -> None:
        """An operator's kill: SIGKILL, no restart."""
        self._wanted.clear()
        if self.process is not None:
            self.send(signal.SIGKILL)
            await self.down.wait()

    def pause(self) -> None:
        """Freeze every process of the service; no-op where it is frozen."""
        if self.state == "running" and self._group(signal.SIGSTOP):
            self._journal.write(self.plan.service, "pause")

    def resume(self) -> None:
        """Thaw."""
        if self.state == "paused" and self._group(signal.SIGCONT):
            self._journal.write(self.plan.service, "resume")

    def send(self, number: signal.Signals) -> None:
        """Send a signal through the front door: it is reported as an operator's."""
        self._journal.write(self.plan.service, "kill", signal=int(number))
        self._group(number)

    def _group(self, number: signal.Signals) -> bool:
        if self.process is None:
            return False
        # Not yet reaped (that is what `process` says), so the group's number cannot be another's.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return True

    async def _live(self) -> None:
        environment = dict(self.plan.environment)
        try:
            self.process = spawn(self.plan.command, self.plan.directory, environment, self._log)
        except OSError as error:
            os.write(self._log, f"{self.plan.command[0]}: {error.strerror}\n".encode())
            self.started_ns, self.exit_code = time.time_ns(), 127
            self._journal.write(self.plan.service, "die", exit_code=127)
            return
        self.started_ns = time.time_ns()
        self._journal.write(self.plan.service, "start", self.started_ns)
        self.running.set()
        self.down.clear()
        checking = asyncio.create_task(self.checker.run(self._log))
        try:
            await self._until_dead(self.process)
        finally:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)

    async def _until_dead(self, process: subprocess.Popen[bytes]) -> None:
        died_ns = await ended(process)
        # With its first process a container loses all others; so does the service here.
        self._group(signal.SIGKILL)
        code = process.wait()
        self.process = None
        self.exit_code = 128 - code if code < 0 else code
        self._journal.write(self.plan.service, "die", died_ns, exit_code=self.exit_code)
        self.running.clear()
