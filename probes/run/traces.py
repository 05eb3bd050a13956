"""The receiver of traces: a process of its own beside the load, so that a run keeps the spans it is sent."""

import logging
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

logger = logging.getLogger("chaostoolkit")

_LOOPBACK = "127.0.0.1"
_LISTENS_WITHIN_S = 20.0


class Receiver(Generator):
    """Receives on loopback, and where the target's services reach this machine; nowhere else.

    Traces show a reader what happened and prove nothing: a receiver that is not there never stops a run. `missing`
    says why its traces are not all there, or is None.
    """

    def __init__(self, target: Inspectable, project: str, port: int, directory: Path) -> None:
        self._ready = directory / "spans.json"
        self.missing: str | None = None
        known = target.host_addresses() if isinstance(target, HostKnown) else ()
        super().__init__("receiver of traces", _command((_LOOPBACK, *known), project, port, directory), directory)

    def listen(self, check: Callable[[], None]) -> None:
        """Start it, and wait until it listens or is known not to. Raises what `check` raises."""
        self.start()
        deadline = time.monotonic() + _LISTENS_WITHIN_S
        while not self._ready.exists() and self.missing is None:
            check()
            try:
                self.check()
            except RecordingFailed as error:
                self._lost(f"{error} Where its port is taken, set OTLP_PORT to another one.")
            if time.monotonic() > deadline:
                self._lost(f"The {self.name} did not listen within {_LISTENS_WITHIN_S:.0f} s")
            time.sleep(0.02)

    def finish(self) -> None:
        """End it; the services have handed over by now what they had."""
        sentence = self.stop()
        if sentence and self.missing is None:
            self._lost(f"The {self.name} {sentence}")

    def _lost(self, why: str) -> None:
        self.missing = why
        logger.warning("Traces: the report will lack some or all of them: %s", why)


def _command(addresses: Sequence[str], project: str, port: int, directory: Path) -> list[str]:
    listening = [part for address in addresses for part in ("--listen", f"{address}:{port}")]
    own = [sys.executable, str(asset("loadtest/spans.py")), "--evidence", str(directory), "--project", project]
    return [*own, "--die-with-parent", str(os.getpid()), *listening]
