"""The load and the canary: processes of their own, started by path, that hand over files.

Locust is never imported here: its monkey-patching breaks the process that runs the experiment.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.assets import asset
from probes.errors import ConfigurationError, RecordingFailed
from probes.run.shapes import Stages, stages_of, steady

__all__ = [
    "Canary", "Generator", "Load", "canary_command", "load_command", "load_command_afar", "load_environment",
    "locust_file",
]  # fmt: skip

_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 40.0
"""More than what is beyond our own machine allows itself to end in: else its containers would stay."""
_LOCUST = "import reports, runpy; runpy.run_module('locust', run_name='__main__', alter_sys=True)"
"""Locust puts the current folder before all others, and a user may have a package `reports` there: ours comes first."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One URL, asked on a fixed schedule whatever the answers do."""

    name: str
    url: str
    timeout: float = 1.0
    """Seconds until an answer counts as none."""
    keep: bool = False
    """Keep the contents of the answers, so that a fallback can be compared with what was known before."""
    degraded_header: str = ""
    """Header by which an answer says that it is a fallback, `NAME` or `NAME: VALUE`; empty: `X-Degraded: true`."""
    degraded_body: str = ""
    """Part of the body by which it says so; empty: none."""


@dataclass(frozen=True, slots=True)
class Load:
    """Locust users. At most one of `rate`, `shape` and `users` is given; without any the rate is 50."""

    host: str
    file: str = "loadtest/shop.py"
    rate: float | None = None
    """Open loop: journeys that begin each second, whatever became of the earlier ones."""
    shape: Mapping[str, Any] | None = None
    """Open loop, with a rate that changes: `probes.run.shapes`."""
    users: int | None = None
    """Closed loop: so many users, each of whom waits for an answer before it goes on."""
    processes: int = 1
    """Processes that share it: one makes about as many requests as one core can."""
    nodes: str = ""
    """Nodes of a swarm that share it, by their host names, with ',' between them; empty: it comes from here."""
    inside: str = ""
    """What workers on nodes ask, as the stack's own services reach it: `http://storefront:8080`."""

    @property
    def places(self) -> tuple[str, ...]:
        """The nodes, each once."""
        return tuple(dict.fromkeys(filter(None, (name.strip() for name in self.nodes.split(",")))))

    @property
    def workers(self) -> int:
        """Processes that make it, each with samples of its own."""
        return len(self.places) or self.processes

    @property
    def stages(self) -> Stages | None:
        """When journeys begin; None in closed loop. Raises ConfigurationError."""
        if self.shape is not None:
            return stages_of(self.shape)
        return steady(50 if self.rate is None else self.rate) if self.users is None else None


def canary_command(canaries: Sequence[Canary], rate: int, samples: Path) -> list[str]:
    """The command line of the canary for all of its targets."""
    command = [sys.executable, str(asset("loadtest/canary.py")), "--evidence", str(samples)]
    command += ["--rate", str(rate), "--drop-key", "as_of_ns", "--die-with-parent", str(os.getpid())]
    for canary in canaries:
        command += ["--target", f"{canary.name}={canary.url},timeout={canary.timeout}"]
        for option in ("degraded_header", "degraded_body"):
            if mark := getattr(canary, option):
                command += [f"--{option.replace('_', '-')}", f"{canary.name}={mark}"]
        if canary.keep:
            command += ["--keep-contents", canary.name]
    return command


def locust_file(name: str) -> Path:
    """The file, here or among ours. Raises ConfigurationError where it is in neither place."""
    for file in (Path(name), asset(name)):
        if file.is_file():
            return file
    raise ConfigurationError(
        f"The control's argument load.file names {name}, which is a file neither here nor in {asset('')}: "
        "give the path of a Locust file"
    )


def load_command(load: Load, directory: Path) -> list[str]:
    """The command line of Locust. Raises ConfigurationError where the file is not there."""
    users, arrivals = str(load.users), json.dumps(load.stages)
    return [
        *(sys.executable, "-P", "-c", _LOCUST, "-f", str(locust_file(load.file)), "--headless", "--only-summary"),
        *(("--users", users, "--spawn-rate", users) if load.users else ("--arrivals", arrivals)),
        *(("--processes", str(load.processes)) if load.processes > 1 else ()),
        *("--host", load.host),
        *("--exit-code-on-error", "0", "--loglevel", "WARNING", "--html", str(directory / "locust.html")),
        *("--evidence", str(directory / "samples"), "--die-with-parent", str(os.getpid())),
    ]


def load_command_afar(load: Load, directory: Path, project: str, tag: str) -> list[str]:
    """The command line of what has Locust run on nodes of a swarm. Raises ConfigurationError as `load_command` does."""
    return [
        *(sys.executable, "-P", "-m", "probes.afar", "--project", project, "--nodes", ",".join(load.places)),
        *("--image", f"stehauf-load:{tag}", "--inside", load.inside, "--file", str(locust_file(load.file))),
        *(("--users", str(load.users)) if load.users else ("--arrivals", json.dumps(load.stages))),
        *("--evidence", str(directory / "samples"), "--die-with-parent", str(os.getpid())),
    ]


def load_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of Locust: a user's own file finds our modules, wherever it lies."""
    paths = [str(asset("loadtest")), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


class Generator:
    """A load process in a session of its own, so that a Ctrl-C at the terminal does not end it before us."""

    def __init__(
        self, name: str, command: list[str], directory: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._samples = directory / "samples"
        self._log = directory / "logs" / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self._log.parent.mkdir(exist_ok=True)
        self._samples.mkdir(exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=self._environment,
            )  # fmt: skip

    def wait_ready(self, writers: Mapping[str, int], check: Callable[[], None]) -> None:
        """Wait for the first sample of each of its writers, of which there are so many by each name.

        `check` is called meanwhile and may raise. Raises RecordingFailed when none comes within 30 s.
        """
        deadline = time.monotonic() + _READY_WITHIN_S
        while not all(self._with_samples(writer) >= count for writer, count in writers.items()):
            check()
            if time.monotonic() > deadline:
                raise RecordingFailed(
                    f"The {self.name} made no request within {_READY_WITHIN_S:.0f} s: see {self._log}"
                )
            time.sleep(0.02)

    def _with_samples(self, writer: str) -> int:
        return sum(path.stat().st_size > 0 for path in self._samples.glob(f"{writer}-*.samples"))

    def check(self) -> None:
        """Raise RecordingFailed when the process has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise RecordingFailed(
                f"The {self.name} ended by itself with exit code {self._process.returncode}: {self._last_words()}"
            )

    def stop(self) -> str | None:
        """SIGINT, and SIGKILL to its whole group after 15 s. Gives a sentence where it did not end well."""
        process, self._process = self._process, None
        if process is None:
            return None
        ended_before = process.poll() is not None
        if not ended_before:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            process.wait()
            return f"did not end within {_STOP_WITHIN_S:.0f} s of SIGINT and was killed: samples may be missing"
        _kill_group(process.pid)
        if ended_before or process.returncode != 0:
            return f"ended with exit code {process.returncode}: {self._last_words()}"
        return None

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"it said nothing in {self._log}"


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
