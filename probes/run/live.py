"""The live view of a run: a process of its own that reads the evidence and serves it on loopback."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

__all__ = ["LiveView"]

logger = logging.getLogger("chaostoolkit")

_STOP_WITHIN_S = 30.0
"""It gives way to all others, and browsers that watch take what there is: a look that it had begun may take long."""


class LiveView:
    """Something to look at, and no evidence: whatever goes wrong with it, the run goes on.

    Its log lies outside of the run's directory, which is sealed before the view ends.
    """

    def __init__(
        self, directory: Path, log: Path, port: int = 0, lang: str = "en", branding: Path | None = None
    ) -> None:
        self._command = [
            *(sys.executable, "-P", "-m", "reports.live", str(directory), "--lang", lang),
            *("--port", str(port), "--die-with-parent", str(os.getpid())),
            *(("--branding", str(branding)) if branding else ()),
        ]
        self._log = log
        self._port = port
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; the log tells its URL as soon as it has one."""
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
        except OSError as error:
            logger.warning("Live: not shown (%s)", error)
            return
        threading.Thread(target=self._tell, args=(self._process,), name="live", daemon=True).start()

    def stop(self) -> None:
        """The run is over: viewers get the report, and the process ends."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _tell(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe: for the type checker
        with process.stdout as said:
            url = said.readline().strip()
        if not url:
            logger.warning("Live: not shown, see %s", self._log)
            return
        if self._port and not url.endswith(f":{self._port}/"):
            logger.warning("Live: port %d is taken, another one is used", self._port)
        logger.info("Live: %s", url)
