"""What only Docker can get wrong: bringing up, crashing without an init, shared process spaces."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from probes.errors import FaultNotPossible, TargetError, UnknownService
from probes.targets.api import Event
from probes.targets.docker import DockerTarget

pytestmark = pytest.mark.docker

Make = Callable[[str], DockerTarget]
IMAGE = "stehauf-stack:latest"
SLEEP = f"    image: {IMAGE}\n    command: [sleep, '1000']\n    network_mode: none\n    stop_signal: SIGKILL\n"


@pytest.fixture
def make(tmp_path: Path, wait: object) -> Iterator[Make]:  # noqa: ARG001 - shared with the contract suite
    """Targets on a Compose file given as text; all taken down afterwards."""
    made: list[DockerTarget] = []

    def build(services: str) -> DockerTarget:
        file = tmp_path / "compose.yaml"
        file.write_text(f"services:\n{services}", encoding="utf-8")
        made.append(DockerTarget(f"stehauf-targets-{os.getpid()}", file))
        return made[-1]

    yield build
    for target in made:
        target.down()
        assert not target.is_up()


def _told(_: str) -> None:
    pass


@pytest.mark.parametrize("restart", ["always", "unless-stopped"])
def test_without_an_init_a_crash_comes_from_a_helper_that_leaves_nothing(
    make: Make, wait: Callable[[Callable[[], bool]], None], restart: str
) -> None:
    target = make(f"  one:\n{SLEEP}    restart: {restart}\n")
    target.up(_told)
    (before,) = target.instances("one")
    events: list[Event] = []
    with target.watch(events.append, pytest.fail):
        target.crash(before)
        wait(lambda: target.instances("one")[0].restart_count == 1 and target.instances("one")[0].state == "running")
        wait(lambda: len(events) >= 2)
    assert [event.kind for event in events] == ["die", "start"]
    assert target.instances("one")[0].id == before.id
    with contextlib.closing(docker.from_env()) as client:
        assert client.containers.list(all=True, filters={"label": f"stehauf.helper={target.project}"}) == []


def test_a_shared_process_space_is_never_crashed(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}    init: true\n    pid: host\n")
    target.up(_told)
    (before,) = target.instances("one")
    with pytest.raises(FaultNotPossible, match="one shares its process space"):
        target.crash(before)
    assert target.instances("one") == (before,)


def test_every_copy_of_a_scaled_service_is_an_instance(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}    init: true\n    restart: always\n    scale: 2\n")
    target.up(_told)
    first, second = target.instances("one")
    assert first.id != second.id
    target.stop(first)
    assert [each.state for each in target.instances("one")] == ["stopped", "running"]
    with pytest.raises(UnknownService, match="it has one"):
        target.instances("two")


def test_a_port_that_is_taken_is_named_with_its_holder_and_nothing_is_started(make: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        target = make(
            f"  one:\n    image: {IMAGE}\n    command: [sleep, '9']\n    ports: ['127.0.0.1:{port}:{port}']\n"
        )
        with pytest.raises(
            TargetError, match=rf"Port {port} .*service one.*process {os.getpid()}.*nothing was started"
        ):
            target.up(_told)
        assert not target.is_up()


def test_a_service_that_never_gets_healthy_is_named_with_its_last_words_and_taken_down(make: Make) -> None:
    target = make(
        f"  one:\n    image: {IMAGE}\n    network_mode: none\n"
        "    command: [sh, -c, 'echo no catalogue today; sleep 1000']\n"
        "    init: true\n    healthcheck: {test: 'false', interval: 1s, retries: 1}\n"
    )
    with pytest.raises(TargetError, match=r"service one did not get healthy.*no catalogue today"):
        target.up(_told)
    assert not target.is_up()


def test_an_image_that_cannot_be_made_is_one_sentence(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}")
    target._prepare = ("sh", "-c", "echo no base image; exit 4")
    with pytest.raises(TargetError, match=r"image could not be made.*ended with 4.*no base image"):
        target.up(_told)
    assert not target.is_up()


def test_an_interrupted_start_leaves_nothing(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}    init: true\n    healthcheck: {{test: 'true', interval: 60s}}\n")

    def interrupt(line: str) -> None:
        if "is started" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target.up(interrupt)
    assert not target.is_up()


def test_a_broken_stream_is_told_once(make: Make, wait: Callable[[Callable[[], bool]], None], tmp_path: Path) -> None:
    make(f"  one:\n{SLEEP}")
    failures: list[str] = []
    with _relay(tmp_path / "relay.sock") as (host, cut):
        target = DockerTarget("nobody", environment={"DOCKER_HOST": host})
        with target.watch(lambda _: None, failures.append):
            cut()
            wait(lambda: bool(failures))
    assert len(failures) == 1
    assert "event stream broke" in failures[0]


@contextlib.contextmanager
def _relay(path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The engine's socket by way of another that can be cut."""
    ends: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, far = listener.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect("/var/run/docker.sock")
                ends.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threads.append(threading.Thread(target=pump, args=pair))
                    threads[-1].start()

    def cut() -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"unix://{path}", cut
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            cut()
            for thread in threads:
                thread.join()
            for end in ends:
                end.close()
