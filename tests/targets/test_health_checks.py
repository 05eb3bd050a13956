"""Health checks of the embedded target end when their service does, whatever they are at."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from probes.targets.embedded import health
from probes.targets.embedded.health import Checker
from probes.targets.embedded.journal import Journal
from probes.targets.embedded.plan import Check, Process


class Over:
    """A check's process that has ended."""

    pid = 2**30

    def wait(self) -> int:
        return 0


def test_a_check_that_ends_in_the_moment_of_the_crash_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the service would not be started again: its runner waits for the check's end."""

    async def crash_during_a_check() -> bool:
        asked, over = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def ended(_: subprocess.Popen[bytes]) -> int:
            asked.set()
            return cast("int", await over)

        monkeypatch.setattr(health, "ended", ended)
        monkeypatch.setattr(health, "spawn", lambda *_: cast("Any", Over()))
        monkeypatch.setattr(health.os, "killpg", lambda *_: None)
        plan = Process("web", (), "", (), (), "always", 1.0, "", check=Check(("true",), interval_s=0.0, timeout_s=60.0))
        checking = asyncio.create_task(Checker(plan, Journal(tmp_path / "events.jsonl")).run(0))
        await asked.wait()
        over.set_result(0)
        await asyncio.sleep(0)  # the check's end is on its way, and has not arrived
        checking.cancel()
        await asyncio.wait([checking], timeout=10)
        return checking.cancelled()

    assert asyncio.run(crash_during_a_check())
