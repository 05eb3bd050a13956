"""A full disk: on a volume that has a file system of its own, and never on any other."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.errors import ConfigurationError, FaultNotPossible
from probes.targets.api import Instance
from probes.targets.docker import DockerTarget, disks
from probes.targets.docker.disks import SIZE, Disks

pytestmark = pytest.mark.docker

COMPOSE = Path(__file__).with_name("disks.yaml")
FULL = 1 << 16


@pytest.fixture(scope="module")
def target() -> Iterator[DockerTarget]:
    image = f"stehauf-stack:{os.environ.get('STEHAUF_IMAGE_TAG') or 'latest'}"
    found = DockerTarget(
        f"stehauf-disks-{os.getpid()}", COMPOSE, environment={**os.environ, "CONTRACT_IMAGE": image}, timeout_s=30
    )
    found.confine(("limited",))
    found.up(lambda _: None)
    try:
        yield found
    finally:
        found.down()
        assert attached() == []
        assert found._engine().volumes.list(filters={"name": found.project}) == []


def attached() -> list[str]:
    """Loop devices with our image, as the kernel of this machine lists them."""
    files = [path.read_text(encoding="utf-8") for path in Path("/sys/block").glob("loop*/loop/backing_file")]
    return [file for file in files if file.strip().endswith("/limited-data.img")]


@pytest.fixture
def limited(target: DockerTarget) -> Instance:
    assert target.strays() == () or target.sweep(), "a test before this one failed"
    (found,) = target.instances("limited")
    return found


def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def written(target: DockerTarget, instance: Instance) -> bool:
    """Whether the service itself, as its own user, can write on its volume."""
    write = [
        "sh",
        "-c",
        "head -c 200000 /dev/zero > /data/mine && sync /data/mine; code=$?; rm -f /data/mine; exit $code",
    ]
    return bool(target._ours(instance).exec_run(write).exit_code == 0)


def test_the_machines_disk_has_the_image_whole_before_anything_fills_it(target: DockerTarget) -> None:
    look = "stat -c '%b %B' /disk/limited-data.img"
    blocks, size = target._helpers().ask("none", look, {f"{target.project}_disks": {"bind": "/disk"}}).split()
    assert int(blocks) * int(size) >= SIZE


def test_nothing_is_free_though_something_is_given_back_and_a_restart_changes_nothing(
    target: DockerTarget, limited: Instance
) -> None:
    assert target.own_disk(limited, "") == "/data"
    before = target.room(limited, "/data", "a" * 12)
    assert before.free_bytes > 40 << 20
    assert not before.filled
    assert written(target, limited)
    target.fill(limited, "/data", "a" * 12, 60)
    assert target.room(limited, "/data", "a" * 12).filled
    eventually(lambda: target.room(limited, "/data", "a" * 12).free_bytes < FULL)
    assert not written(target, limited)
    target.crash(limited)
    eventually(lambda: (now := target.instances("limited")[0]).state == "running" and now.restart_count > 0)
    assert not written(target, limited)
    target.empty(limited, "/data", "a" * 12)
    after = target.room(limited, "/data", "a" * 12)
    assert not after.filled
    assert after.free_bytes >= before.free_bytes - FULL
    assert written(target, limited)


def test_it_ends_by_itself_at_its_bound(target: DockerTarget, limited: Instance) -> None:
    target.fill(limited, "/data", "b" * 12, 2)
    assert target.room(limited, "/data", "b" * 12).filled
    eventually(lambda: not target.room(limited, "/data", "b" * 12).filled)
    eventually(lambda: target.strays() == ())


def test_what_a_killed_helper_left_is_found_and_swept(target: DockerTarget, limited: Instance) -> None:
    target.fill(limited, "/data", "c" * 12, 60)
    (helper,) = target._helpers().of("c" * 12)
    helper.kill()
    helper.wait(timeout=20, condition="removed")
    ((fault, told),) = target.strays()
    assert fault == "c" * 12
    assert "limited: fault cccccccccccc fills the volume" in told
    assert target.sweep()
    assert target.strays() == ()
    assert target.room(limited, "/data", "c" * 12).free_bytes > FULL


def test_a_volume_that_is_there_already_is_left_alone(target: DockerTarget) -> None:
    volume = f"{target.project}_kept"
    target._engine().volumes.create(volume)
    try:
        with pytest.raises(FaultNotPossible, match="_kept is there already"):
            Disks(target._engine(), f"{target.project}-other", target._helpers()).make({"kept": (volume, "/data")})
        assert target._engine().volumes.get(volume)
    finally:
        target._engine().volumes.get(volume).remove()


def test_where_there_are_no_loop_devices_nothing_is_left(target: DockerTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(disks._RIGHTS, "device_cgroup_rules", [])
    project = f"{target.project}-other"
    with pytest.raises(FaultNotPossible, match="It takes loop devices") as refused:
        Disks(target._engine(), project, target._helpers()).make({"new": (f"{project}_new", "/data")})
    assert "Traceback" not in str(refused.value)
    assert target._engine().volumes.list(filters={"name": project}) == []


@pytest.mark.parametrize(
    ("service", "path", "why"),
    [
        ("plain", "", "lies on the engine's own disk"),
        ("memory", "", "is kept in memory"),
        ("one", "/data", "is that of .*two"),
        ("one", "/two", "lies on the engine's own disk"),
        ("bare", "", "no named volume"),
        ("folder", "", "is a folder of the engine's machine"),
    ],
)
def test_any_other_disk_is_refused(service: str, path: str, why: str, target: DockerTarget) -> None:
    (instance,) = target.instances(service)
    with pytest.raises(FaultNotPossible, match=why):
        target.own_disk(instance, path)
    assert target.strays() == ()


def test_a_path_that_is_no_volume_is_named_with_those_that_are(target: DockerTarget) -> None:
    (instance,) = target.instances("one")
    for path in ("", "/else"):
        with pytest.raises(ConfigurationError, match="/data, /two"):
            target.own_disk(instance, path)
