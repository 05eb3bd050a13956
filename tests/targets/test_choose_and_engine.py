"""Which target it is, and what is said when an engine or Compose is not as it should be."""

import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.errors import ConfigurationError, StackNotUp, TargetUnavailable
from probes.targets.choose import choose
from probes.targets.docker import DockerTarget, engine_answers
from probes.targets.docker.engine import require_compose

COMPOSE = Path(__file__).parents[1] / "contract" / "compose.yaml"


@pytest.fixture
def silent_engine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A socket that accepts every connection and never says a word."""
    path = tmp_path / "engine.sock"
    held: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield {"DOCKER_HOST": f"unix://{path}", "PATH": "/usr/bin:/bin"}
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for each in held:
        each.close()


def _chosen(name: str | None, environment: dict[str, str], *, own: bool = True) -> tuple[str, bool, str]:
    target, why = choose(name, project="p", compose_file=COMPOSE, own=own, environment=environment)
    return target.name, target.is_own, why


def test_without_an_engine_it_is_the_embedded_target_and_says_so(tmp_path: Path) -> None:
    name, own, why = _chosen(None, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert (name, own) == ("embedded", True)
    assert "make docker-engine" in why


def test_a_named_target_is_taken_at_its_word() -> None:
    assert _chosen("docker", {}) == ("docker", True, "STEHAUF_TARGET asks for docker.")
    assert _chosen("embedded", {}) == ("embedded", True, "STEHAUF_TARGET asks for embedded.")


def test_a_users_own_project_is_for_docker_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"p is not .* embedded .* asks for embedded.*STEHAUF_TARGET=docker"):
        _chosen("embedded", {}, own=False)
    with pytest.raises(ConfigurationError, match=r"No Docker engine answers.*STEHAUF_TARGET=docker"):
        _chosen(None, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}, own=False)


@pytest.mark.parametrize("name", ["memory", "kubernetes", ""])
def test_a_name_that_no_run_can_use_lists_those_that_can(name: str) -> None:
    with pytest.raises(ConfigurationError, match="docker, embedded, swarm"):
        _chosen(name, {"DOCKER_HOST": "unix:///nowhere.sock"})


def test_an_engine_that_hangs_is_given_up_in_bounded_time(silent_engine: dict[str, str]) -> None:
    begun = time.monotonic()
    assert engine_answers(0.3, silent_engine) is None
    assert time.monotonic() - begun < 30


def test_an_engine_that_hangs_is_named_with_what_to_do(silent_engine: dict[str, str]) -> None:
    target = DockerTarget("p", environment=silent_engine, timeout_s=0.3)
    with pytest.raises(
        TargetUnavailable, match=r"engine.sock.*said nothing.*make docker-engine.*STEHAUF_TARGET=embedded"
    ):
        target.services()


def test_no_engine_is_named_with_what_to_do(tmp_path: Path) -> None:
    target = DockerTarget("p", environment={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    for ask in (target.services, target.is_up, target.describe, lambda: target.instances("x")):
        with pytest.raises(TargetUnavailable, match=r"none\.sock.*no such socket"):
            ask()


@pytest.mark.parametrize(("script", "said"), [("exit 1", "it is not there"), ("echo 1.29.2", "it is 1.29.2")])
def test_compose_has_to_be_version_2(tmp_path: Path, script: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TargetUnavailable, match=f"Compose v2.*{said}"):
        require_compose({"PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_a_users_own_project_is_never_brought_up_or_down() -> None:
    target = DockerTarget("somebodys")
    for order in (lambda: target.up(print), target.down):
        with pytest.raises(StackNotUp, match="somebodys"):
            order()
