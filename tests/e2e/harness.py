"""Real `chaos run` processes against a stack of their own, on free ports."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
from evidence_format import complaints

ROOT = Path(__file__).parents[2]
Found = TypeVar("Found")
SERVICES = ("storefront", "product", "order", "fulfilment", "broker")


def free_ports(count: int) -> list[int]:
    """Ports that are free now, below those that the kernel gives to outgoing connections: they stay free."""
    found: list[int] = []
    for port in random.sample(range(20000, 32000), 1000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"of a thousand ports {len(found)} are free, and {count} are needed")


@dataclass(frozen=True)
class Run:
    """What a `chaos` process left."""

    code: int
    output: str
    directory: Path | None

    @property
    def verdict(self) -> dict[str, Any]:
        assert self.directory, self.output
        found: dict[str, Any] = json.loads((self.directory / "verdict.json").read_text(encoding="utf-8"))
        return found

    def lines(self, file: str) -> list[dict[str, Any]]:
        assert self.directory, self.output
        text = (self.directory / file).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def said(self) -> str:
        """The verdict, all its reasons and all its claims in one text."""
        verdict = self.verdict
        sentences = [one["sentence"] for one in [*verdict["reasons"], *verdict["claims"]]]
        return "\n".join([verdict["verdict"], *sentences])


@dataclass
class Bench:
    """A project name, free ports and folders of its own; `chaos` runs in it."""

    target: str
    folder: Path
    python: Path = Path(sys.executable)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = dict(zip((*SERVICES, "broker_monitoring"), free_ports(len(SERVICES) + 1), strict=True))
        self.environment = {
            **os.environ,
            **{f"{name.upper()}_PORT": str(port) for name, port in ports.items()},
            "OTLP_PORT": str(free_ports(1)[0]),
            "STEHAUF_TARGET": self.target,
            "STEHAUF_PROJECT": f"stehauf-e2e-{self.target}-{os.getpid()}-{ports['storefront']}",
            "STEHAUF_COMPOSE_FILE": str(ROOT / "stack" / "compose.yaml"),
            "STEHAUF_RUNS": str(self.folder / "runs"),
            "STEHAUF_SHOP": f"http://127.0.0.1:{ports['storefront']}",
            "STEHAUF_PRODUCT": f"http://127.0.0.1:{ports['product']}",
            "STEHAUF_ORDER": f"http://127.0.0.1:{ports['order']}",
            "STEHAUF_FULFILMENT": f"http://127.0.0.1:{ports['fulfilment']}",
            "XDG_STATE_HOME": str(self.folder / "state"),
            **self.environment,
        }

    @property
    def project(self) -> str:
        return self.environment["STEHAUF_PROJECT"]

    @property
    def shop(self) -> str:
        return self.environment["STEHAUF_SHOP"]

    def with_python(self, python: Path) -> "Bench":
        """The same stack, driven by another Python."""
        return Bench(self.target, self.folder, python, dict(self.environment))

    def chaos(self, *arguments: str, timeout: float = 240, **environment: str) -> Run:
        """Run `chaos` to its end."""
        with self.started(*arguments, **environment) as process:
            output, _ = process.communicate(timeout=timeout)
        return self.result(process.returncode, output)

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
        """A `chaos` process that goes on; killed at the end where it still does."""
        command = [str(self.python), "-m", "chaostoolkit", "--no-version-check", "--no-log-file", *arguments]
        self.folder.mkdir(exist_ok=True, parents=True)
        process = subprocess.Popen(
            command, cwd=self.folder, env={**self.environment, **environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
            if process.stdout:
                process.stdout.close()

    def result(self, code: int, output: str) -> Run:
        """What a process that has ended left; its directory is read from its own output.

        Whatever the run was for, its evidence is as the schema says.
        """
        reports = [line.split("Report: ")[1] for line in output.splitlines() if "Report: " in line]
        if not reports:
            return Run(code, output, None)
        directory = Path(reports[-1]).parent
        if not (directory / "trials.json").exists():  # a set of runs, each with evidence of its own
            assert complaints(directory) == []
        return Run(code, output, directory)

    def run(self, experiment: Mapping[str, Any], *options: str, **environment: str) -> Run:
        """`chaos run` of an experiment given as data."""
        return self.chaos("run", *options, str(self.write(experiment)), **environment)

    def passes(self, experiment: Mapping[str, Any], *options: str, **environment: str) -> Run:
        """A run that must PASS, once the machine gives it room."""
        run = undisturbed(lambda: self.run(experiment, *options, **environment), lambda run: run)
        assert run.code == 0, run.output
        assert run.verdict["verdict"] == "PASS", run.said
        return run

    def write(self, experiment: Mapping[str, Any], name: str = "experiment.json") -> Path:
        """The experiment as a file."""
        self.folder.mkdir(exist_ok=True, parents=True)
        path = self.folder / name
        path.write_text(json.dumps(experiment), encoding="utf-8")
        return path

    @contextmanager
    def up(self, *options: str) -> Iterator["Bench"]:
        """The stack, up for a while."""
        brought = self.chaos("stack", "up", *options)
        assert brought.code == 0, brought.output
        try:
            yield self
        finally:
            down = self.chaos("stack", "down")
            assert down.code == 0, down.output


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """Everything that the process says until `text` comes."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return "".join(said)
    raise AssertionError("".join(said))


def leftovers(bench: Bench) -> list[str]:
    """Load generators of this bench that are still there."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if "loadtest" in command and str(bench.folder) in command:
            found.append(command)
    return found


def below(pid: int, part: str) -> list[psutil.Process]:
    """Processes that a process started, and those that they did, with `part` in their command lines."""
    found = []
    for one in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            if part in " ".join(one.cmdline()):
                found.append(one)
    return found


def eventually(condition: Callable[[], bool], within: float = 30) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_busy(said: str) -> bool:
    """Whether a verdict's sentences say that the machine, not the system, was the limit."""
    return "the machine was too busy" in said or "the load generator was the limit" in said


def undisturbed(once: Callable[[], Found], run_of: Callable[[Found], Run]) -> Found:
    """A run that the machine gave room to: made anew, twice at most, where the verdict itself says that it did not."""
    for _ in range(2):
        found = once()
        run = run_of(found)
        if run.directory is None or not is_busy(run.said):
            return found
    return once()
