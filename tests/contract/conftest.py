"""The backends of the contract suite, each behind the same few questions."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker
import pytest
import requests

from probes.targets.api import Event, Instance, Target
from probes.targets.docker import DockerTarget
from probes.targets.embedded import EmbeddedTarget
from probes.targets.memory import MemoryTarget

COMPOSE = Path(__file__).with_name("compose.yaml")
IMAGE = "stehauf-stack:latest"


@dataclass
class Backend:
    """A target that is up, and what a test must be able to do around it."""

    target: Target
    answers: Callable[[], bool]
    """Whether a client of `echo` gets an answer within a second."""
    operator_kills: Callable[[Instance], None]
    """What `docker kill` is."""
    foreign: Callable[[], contextlib.AbstractContextManager[tuple[Instance, Callable[[], bool]]]]
    """Something alive that is not ours, and whether it still is."""
    problems: list[str] = field(default_factory=list)

    def echo(self) -> Instance:
        """The instance that the tests break."""
        (instance,) = self.target.instances("echo")
        return instance

    @contextlib.contextmanager
    def events(self) -> Iterator[list[Event]]:
        """The events of `echo` while the context lasts."""
        seen: list[Event] = []
        with self.target.watch(seen.append, self.problems.append):
            yield seen
        assert self.problems == []

    def well_again(self) -> None:
        """Whatever a test did to it, `echo` runs and is healthy afterwards."""
        self.target.resume(self.echo())
        if self.echo().state in {"stopped", "created"}:
            self.target.start(self.echo())
        eventually(lambda: self.echo().state == "running" and self.echo().health == "healthy")


def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for a condition, however slow the machine."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture(scope="package")
def wait() -> Callable[[Callable[[], bool]], None]:
    return eventually


@pytest.fixture(
    scope="package",
    params=[
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("embedded", marks=pytest.mark.embedded),
        "memory",
    ],
)
def everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend that is up, taken down at the end whatever happened."""
    makers = {"docker": _docker, "embedded": lambda: _embedded(tmp_path_factory.mktemp("state")), "memory": _memory}
    backend = makers[request.param]()
    told: list[str] = []
    try:
        backend.target.up(told.append)
        assert told
        yield backend
    finally:
        backend.target.down()
    assert not backend.target.is_up()


@pytest.fixture
def backend(everything: Backend) -> Iterator[Backend]:
    """The backend, with `echo` healthy before and after."""
    everything.well_again()
    yield everything
    everything.well_again()


def _docker() -> Backend:
    if not subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).stdout.strip(
        b"[]\n"
    ):
        subprocess.run([str(COMPOSE.parents[2] / "stack" / "image")], check=True, capture_output=True)
    variables = _variables()
    target = DockerTarget(f"stehauf-contract-{os.getpid()}", COMPOSE, environment=variables)

    def kill(instance: Instance) -> None:
        with contextlib.closing(docker.from_env()) as client:
            client.containers.get(instance.id).kill()

    return Backend(target, _asking(variables), kill, _foreign_container)


def _embedded(state: Path) -> Backend:
    variables = _variables()
    target = EmbeddedTarget(
        f"contract-{os.getpid()}",
        COMPOSE,
        environment=variables,
        own=True,
        state_dir=state / "embedded",
        die_with_parent=True,
    )

    @contextlib.contextmanager
    def foreign() -> Iterator[tuple[Instance, Callable[[], bool]]]:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            (echo,) = target.instances("echo")
            yield replace(echo, pid=process.pid), lambda: process.poll() is None
            process.communicate(b"\n")

    return Backend(target, _asking(variables), target.kill, foreign)


def _memory() -> Backend:
    target = MemoryTarget(itertools.count(1).__next__)

    @contextlib.contextmanager
    def foreign() -> Iterator[tuple[Instance, Callable[[], bool]]]:
        yield Instance("echo", "stranger", "running", "none", 0, 1, 1, None), lambda: True

    return Backend(target, lambda: target.answers("echo"), target.kill, foreign)


@contextlib.contextmanager
def _foreign_container() -> Iterator[tuple[Instance, Callable[[], bool]]]:
    with contextlib.closing(docker.from_env()) as client:
        container = client.containers.run(
            IMAGE,
            ["sleep", "300"],
            entrypoint=[],
            detach=True,
            init=True,
            network_mode="none",
            labels={"com.docker.compose.project": "somebody-else"},
        )

        def alive() -> bool:
            container.reload()
            return bool(container.status == "running")

        try:
            yield Instance("echo", container.id, "running", "none", 0, None, None, None), alive
        finally:
            container.remove(force=True)


def _variables() -> dict[str, str]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"ECHO_PORT": str(one.getsockname()[1]), "OTHER_PORT": str(two.getsockname()[1])}
    return {**os.environ, **ports, "CONTRACT_IMAGE": IMAGE}


def _asking(variables: dict[str, str]) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.head(f"http://127.0.0.1:{variables['ECHO_PORT']}/", timeout=1).ok
        except requests.RequestException:
            return False

    return answers
