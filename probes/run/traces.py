"""The receiver of traces: a process of its own beside the load, so that a run keeps the spans it is sent."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from probes.assets import asset
from probes.errors import RecordingFailed
from probes.run.load import Generator
from probes.targets.api import HostKnown, Inspectable

__all__ = ["Receiver"]

_LOOPBACK = "127.0.0.1"
_LISTENS_WITHIN_S = 20.0


class Receiver(Generator):
    """Receives on loopback, and where the target's services reach this machine; nowhere else."""

    def __init__(self, target: Inspectable, port: int, directory: Path) -> None:
        self._ready = directory / "spans.json"
        known = target.host_addresses() if isinstance(target, HostKnown) else ()
        super().__init__("receiver of traces", _command((_LOOPBACK, *known), port, directory), directory)

    def wait_listening(self, check: Callable[[], None]) -> None:
        """Wait until it listens. Raises RecordingFailed (its port is taken), and what `check` raises."""
        deadline = time.monotonic() + _LISTENS_WITHIN_S
        while not self._ready.exists():
            try:
                self.check()
            except RecordingFailed as error:
                raise RecordingFailed(f"{error} Where its port is taken, set OTLP_PORT to another one.") from error
            check()
            if time.monotonic() > deadline:
                raise RecordingFailed(f"The {self.name} did not listen within {_LISTENS_WITHIN_S:.0f} s")
            time.sleep(0.02)


def _command(addresses: Sequence[str], port: int, directory: Path) -> list[str]:
    listening = [part for address in addresses for part in ("--listen", f"{address}:{port}")]
    own = [sys.executable, str(asset("loadtest/spans.py")), "--evidence", str(directory)]
    return [*own, "--die-with-parent", str(os.getpid()), *listening]
