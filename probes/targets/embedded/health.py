"""Health checks as the engine makes them: by interval, first one interval after the start, with retries."""

import asyncio
import contextlib
import os
import signal
import time

from probes.targets.api import Health
from probes.targets.embedded.journal import Journal
from probes.targets.embedded.plan import Check, Process
from probes.targets.embedded.spawn import ended, spawn

__all__ = ["Checker"]


class Checker:
    """The health of one service."""

    def __init__(self, plan: Process, journal: Journal) -> None:
        self.health: Health = "none" if plan.check is None else "starting"
        self.healthy = asyncio.Event()
        self._plan, self._journal = plan, journal

    async def run(self, log: int) -> None:
        """Check from a start of the service until cancelled at its end."""
        check = self._plan.check
        if check is None:
            return
        self.health, failures, began = "starting", 0, time.monotonic()
        self.healthy.clear()
        while True:
            await asyncio.sleep(check.interval_s)
            if await self._passes(check, log):
                failures = 0
                self._becomes("healthy")
            elif self.health != "starting" or time.monotonic() - began > check.start_period_s:
                failures += 1
                if failures >= check.retries:
                    self._becomes("unhealthy")

    def _becomes(self, health: Health) -> None:
        if health == self.health:
            return
        self.health = health
        self._journal.write(self._plan.service, "health", health=health)
        if health == "healthy":
            self.healthy.set()
        else:
            self.healthy.clear()

    async def _passes(self, check: Check, log: int) -> bool:
        environment = dict(self._plan.environment)
        try:
            process = spawn(check.command, self._plan.directory, environment, log)
        except OSError as error:
            os.write(log, f"health check: {check.command[0]}: {error.strerror}\n".encode())
            return False
        try:
            # Not wait_for: Python 3.11's forgets that it was cancelled where the process ends in the same moment, and
            # then a crash in that moment waits for ever for this to end.
            async with asyncio.timeout(check.timeout_s):
                await ended(process)
        except TimeoutError:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        return code == 0
