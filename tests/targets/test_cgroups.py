"""Limits and use as the kernel writes them, in trees made from its documentation: cgroup-v1 and cgroup-v2.

Machines that we ran on have version 1, so that of version 2 no more than this is known to work.
"""

import subprocess
from pathlib import Path

import pytest

from probes.targets.abilities import Limits, Use
from probes.targets.docker.limits import limits_in, look_for, use_in

ID = "0f" * 32
OTHER = "ab" * 32
V2 = (
    "system.slice/docker-{}.scope",
    "docker/{}",
    "user.slice/user-1000.slice/user@1000.service/user.slice/docker-{}.scope",
)
"""By systemd, by cgroupfs, and of an engine without root."""
STAT = """usage_usec 5230000
user_usec 4000000
system_usec 1230000
core_sched.force_idle_usec 0
nr_periods 120
nr_throttled 17
throttled_usec {}
nr_bursts 0
burst_usec 0
"""


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content + "\n", encoding="ascii")


def v2(folder: Path, cpu: str = "max 100000", memory: str = "max", held_back_us: int = 0) -> None:
    write(folder, cpu__max=cpu, cpu__stat=STAT.format(held_back_us), memory__max=memory, memory__current="51380224")


def v1(root: Path, container: str, quota: str, limit: str, held_back_ns: int = 0) -> None:
    stat = f"nr_periods 9\nnr_throttled 3\nthrottled_time {held_back_ns}"
    write(
        root / "cpu,cpuacct" / "docker" / container,
        cpu__cfs_quota_us=quota,
        cpu__cfs_period_us="100000",
        cpu__stat=stat,
    )
    write(root / "memory" / "docker" / container, memory__limit_in_bytes=limit, memory__usage_in_bytes="51380224")


def read(root: Path) -> dict[str, str]:
    said = subprocess.run(["sh", "-c", look_for(ID, str(root))], capture_output=True, text=True, check=True).stdout
    return dict(line.split(maxsplit=1) for line in said.splitlines() if " " in line)


@pytest.mark.parametrize("place", V2)
def test_version_2_with_limits(place: str, tmp_path: Path) -> None:
    v2(tmp_path / place.format(OTHER))
    v2(tmp_path / place.format(ID), "5000 100000", str(64 << 20), held_back_us=12_500)
    found = read(tmp_path)
    assert limits_in(found) == Limits(0.05, 64 << 20)
    assert use_in(found) == Use(12_500_000, 51380224)


def test_version_2_without_limits(tmp_path: Path) -> None:
    v2(tmp_path / V2[0].format(ID))
    found = read(tmp_path)
    assert limits_in(found) == Limits(None, None)
    assert use_in(found).throttled_ns == 0


def test_version_1_with_limits(tmp_path: Path) -> None:
    v1(tmp_path, OTHER, "-1", "9223372036854771712")
    v1(tmp_path, ID, "5000", str(64 << 20), held_back_ns=12_500_000)
    found = read(tmp_path)
    assert limits_in(found) == Limits(0.05, 64 << 20)
    assert use_in(found) == Use(12_500_000, 51380224)


def test_version_1_without_limits(tmp_path: Path) -> None:
    v1(tmp_path, ID, "-1", "9223372036854771712")
    assert limits_in(read(tmp_path)) == Limits(None, None)


def test_both_versions_side_by_side_is_version_1(tmp_path: Path) -> None:
    """A hybrid machine has a tree of version 2 too, with names of its own in it and no controller."""
    v1(tmp_path, ID, "5000", str(64 << 20), held_back_ns=7)
    write(tmp_path / "unified" / "docker" / ID, cpu__stat="usage_usec 5\nuser_usec 3\nsystem_usec 2")
    found = read(tmp_path)
    assert limits_in(found) == Limits(0.05, 64 << 20)
    assert use_in(found).throttled_ns == 7


def test_a_cgroup_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    v2(tmp_path / V2[0].format(OTHER))
    assert not {"limit", "used"} & set(read(tmp_path))
