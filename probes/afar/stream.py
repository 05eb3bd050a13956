"""A program on another machine, by its engine: what it says comes here as it says it, and its end is ours to ask."""

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from docker.utils.socket import STDOUT, frames_iter

from probes.afar.files import Files
from probes.errors import RecordingFailed
from probes.targets.docker.engine import asked

__all__ = ["Stream"]

_frames: Any = frames_iter
_SILENT_S = 10.0
"""A relay says something every second."""
_LIVE_S = 1.0


class Stream:
    """A relay in a container. Should this process die, the relay's stdin ends, and with it what it had begun."""

    def __init__(self, name: str, container: Container, files: Files, log: Path) -> None:
        self.name = name
        self.exit_code: int | None = None
        """The command's, once all that it left is here."""
        self._error = ""
        self._container = container
        self._files = files
        self._log = log
        self._heard = 0.0
        self._let_live = 0.0
        self._reader: Any = None
        self._socket: Any = None
        self._thread = threading.Thread(target=self._read, name=f"load-{name}", daemon=True)

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Run it. Raises TargetError."""
        api: Any = getattr(self._container.client, "api", None)  # the SDK has no types for sockets
        with asked(f"start {self.name}"):
            made = api.exec_create(self._container.id, command, stdin=True, environment=environment)
            self._reader = api.exec_start(made["Id"], socket=True)
        self._socket = self._reader._sock  # noqa: SLF001 - the SDK hands out a reader, and has no writer
        self._heard = time.monotonic()
        self._thread.start()
        self.live()  # only now: what it said before anybody read could be lost in the SDK's own buffer

    @property
    def has_begun(self) -> bool:
        """Whether a request of its was recorded."""
        return self._files.has_samples

    def live(self) -> None:
        """Let it go on for some seconds more; at most once a second anything is sent."""
        if time.monotonic() > self._let_live + _LIVE_S:
            self._let_live = time.monotonic()
            self._say(b".")

    def stop(self) -> None:
        """Ask it to end in order."""
        self._say(b"\n")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come from it."""
        return not self._thread.is_alive() or self._is_silent

    def trouble(self) -> str:
        """What is wrong with it, as a sentence; empty: nothing."""
        if self._error:
            return self._error
        if self.exit_code is None and self._is_silent:
            return f"{self.name} was not heard for {_SILENT_S:g} s: its machine or its engine is gone"
        if self.exit_code is None and not self._thread.is_alive():
            return f"{self.name} broke off: its container or its engine is gone"
        if self.exit_code:
            return f"{self.name} ended with exit code {self.exit_code}: see {self._log}"
        return ""

    @property
    def _is_silent(self) -> bool:
        return time.monotonic() - self._heard > _SILENT_S

    def _say(self, word: bytes) -> None:
        with contextlib.suppress(OSError):  # who is gone needs no telling, and is noticed by its silence
            self._socket.sendall(word)

    def _read(self) -> None:
        try:
            self._follow()
        except (RecordingFailed, OSError) as error:
            self._error = f"{self.name}: {error}"
        finally:
            self._reader.close()
            self._socket.close()

    def _follow(self) -> None:
        rest = b""
        with self._log.open("ab", buffering=0) as log:
            for kind, data in _frames(self._reader, tty=False):
                self._heard = time.monotonic()
                if kind != STDOUT:
                    log.write(data)
                    continue
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    code = self._files.take(line)
                    if code is not None:
                        self.exit_code = code
                        return
