"""A program in a container hands over what it writes, and one that is lost is not taken for one that has ended."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from probes.afar import stream as streams
from probes.afar.files import Files
from probes.afar.stream import Stream
from probes.targets.swarm.places import archive

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
Wait = Callable[[Callable[[], bool]], None]
WRITES = """
import json, os, signal, sys, time
asked = []
signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
with open(sys.argv[1] + "/orders-1.jsonl", "a", buffering=1) as file:
    while not asked:
        file.write(json.dumps({"id": str(time.time_ns())}) + "\\n")
        print("what it says", flush=True)
        time.sleep(0.01)
    file.write("the last line\\n")
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def container() -> Iterator[Container]:
    image = f"stehauf-stack:{os.environ.get('STEHAUF_IMAGE_TAG') or 'latest'}"
    client = docker.from_env()
    found = client.containers.run(image, ["sleep", "600"], detach=True, init=True, network_mode="none")
    try:
        found.put_archive("/", archive({"/tmp/relay.py": ROOT / "loadtest" / "relay.py"}))
        yield found
    finally:
        found.remove(force=True)
        client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    samples = tmp_path / "samples"
    samples.mkdir()
    return samples


def made(container: Container, folder: Path, code: int = 0) -> Stream:
    stream = Stream("the worker", container, Files(folder, 1, "node2"), folder.parent / "worker.log")
    command = ["python", "/tmp/relay.py", "/tmp/evidence", "python", "-c", WRITES, "/tmp/evidence", str(code)]
    stream.start(command, {"PYTHONUNBUFFERED": "1"})
    return stream


def begun(container: Container, folder: Path, wait: Wait, code: int = 0) -> Stream:
    """One that has handed over something."""
    stream = made(container, folder, code)
    wait(lambda: (folder / "orders-1.1.jsonl").exists() and (folder / "orders-1.1.jsonl").stat().st_size > 100)
    assert not stream.has_ended
    assert stream.trouble() == ""
    return stream


def test_one_that_nobody_lets_live_ends(container: Container, folder: Path, wait: Wait) -> None:
    stream = begun(container, folder, wait)
    wait(lambda: stream.has_ended)
    assert stream.exit_code == 0


@pytest.mark.parametrize(("code", "trouble"), [(0, ""), (3, "the worker ended with exit code 3")])
def test_it_hands_over_all_and_ends_as_it_ended(
    code: int, trouble: str, container: Container, folder: Path, wait: Wait
) -> None:
    stream = begun(container, folder, wait, code)
    stream.stop()
    wait(lambda: stream.has_ended)
    assert stream.exit_code == code
    assert stream.trouble().startswith(trouble)
    assert bool(stream.trouble()) is bool(trouble)
    _, there = container.exec_run(["cat", "/tmp/evidence/orders-1.jsonl"])
    assert (folder / "orders-1.1.jsonl").read_bytes() == there
    assert there.endswith(b"the last line\n")
    stream.live()
    stream.stop()  # to one that has ended it says nothing
    assert b"what it says" in (folder.parent / "worker.log").read_bytes()


def test_a_container_that_is_gone_has_not_ended_in_order(container: Container, folder: Path, wait: Wait) -> None:
    stream = begun(container, folder, wait)
    container.kill()
    wait(lambda: stream.has_ended)
    assert stream.exit_code is None
    assert "broke off" in stream.trouble()


def test_one_that_says_nothing_any_more_is_lost(
    container: Container, folder: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = begun(container, folder, wait)
    monkeypatch.setattr(streams, "_SILENT_S", 2.0)
    container.pause()
    try:
        wait(lambda: stream.has_ended)
        assert "was not heard for 2 s" in stream.trouble()
    finally:
        container.unpause()


def test_a_disk_that_is_full_here_is_said(container: Container, folder: Path, wait: Wait) -> None:
    (folder / "orders-1.1.jsonl").symlink_to("/dev/full")
    stream = made(container, folder)
    wait(lambda: stream.has_ended)
    assert "No space left" in stream.trouble()
