"""What a load on another machine recorded is here as it was there: while it goes on, and when it has ended."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from generators import wait_for

from probes.afar.files import Files
from probes.errors import RecordingFailed
from reports.evidence.reader import Evidence

ROOT = Path(__file__).parents[2]
NODE = "node2"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The samples' folder of a run."""
    folder = tmp_path / "run" / "samples"
    folder.mkdir(parents=True)
    return folder


@contextmanager
def relay(
    there: Path, kind: str = "obeying", program: Path = ROOT / "loadtest" / "relay.py"
) -> Iterator["subprocess.Popen[bytes]"]:
    """Beside a load that writes into `there`; it waits for its first line."""
    command = [sys.executable, str(ROOT / "tests" / "loadtest" / "relayed.py"), str(there), kind]
    process = subprocess.Popen(
        [sys.executable, str(program), str(there), *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(process: "subprocess.Popen[bytes]", word: bytes = b"\n") -> None:
    assert process.stdin
    process.stdin.write(word)
    process.stdin.flush()


def follow(process: "subprocess.Popen[bytes]", files: Files, until: Callable[[], bool]) -> int | None:
    """Take what it hands over; the exit code where it has ended."""
    assert process.stdout
    for line in process.stdout:
        code = files.take(line)
        if code is not None or until():
            return code
    raise AssertionError("it broke off")


def samples(here: Path) -> int:
    return sum(path.stat().st_size for path in here.glob("load-*.samples")) // 20


def test_what_was_recorded_there_is_here_to_the_byte(there: Path, here: Path) -> None:
    files = Files(here, 1, NODE)
    with relay(there) as process:
        say(process)
        assert follow(process, files, lambda: samples(here) > 50) is None
        say(process)
        assert follow(process, files, lambda: False) == 0
    written = {path.name.replace("-", "-1.", 1): path.read_bytes() for path in there.iterdir()}
    found = {path.name: path.read_bytes() for path in here.iterdir()}
    assert sorted(found) == sorted(written)
    about = next(name for name in found if name.endswith(".json"))
    assert json.loads(found.pop(about)) == {**json.loads(written.pop(about)), "node": NODE}
    assert found == written


def test_the_reader_takes_it_for_a_load_of_this_machine(there: Path, here: Path) -> None:
    """Two machines whose processes have the same id are two writers."""
    for number in (1, 2):
        files, before = Files(here, number, f"node{number}"), samples(here)
        with relay(there / str(number)) as process:
            say(process)
            follow(process, files, lambda begun=before: samples(here) > begun)
            say(process)
            assert follow(process, files, lambda: False) == 0
    evidence = Evidence(here.parent)
    assert list(evidence.sources) == ["load"]
    assert [(file.about or {})["node"] for file in evidence.sources["load"].files] == ["node1", "node2"]
    assert all(evidence.pulses[file.path.stem] for file in evidence.sources["load"].files)
    assert len(evidence.orders) == len(evidence.sources["load"].table) > 0
    assert evidence.damage == ()


def test_what_was_handed_over_before_it_broke_off_can_be_read(there: Path, here: Path) -> None:
    """Killed in the middle: what is here is a beginning of what is there, and says of itself that it has no end."""
    with relay(there) as process:
        say(process)
        follow(process, Files(here, 1, NODE), lambda: samples(here) > 50)
    [mine], [theirs] = here.glob("*.samples"), there.glob("*.samples")
    assert theirs.read_bytes().startswith(mine.read_bytes())
    source = Evidence(here.parent).sources["load"]
    assert len(source.table) > 50
    assert "samples" not in (source.files[0].about or {})


def test_nothing_begins_before_it_is_told(there: Path) -> None:
    with relay(there) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert not there.exists()


def test_two_machines_may_give_the_same_process_id(here: Path) -> None:
    for number, data in ((1, "AAAA"), (2, "////")):
        line = {"file": "load-7.samples", "at": 0, "data": data}
        Files(here, number, f"node{number}").take(json.dumps(line).encode())
    assert (here / "load-1.7.samples").read_bytes() == b"\0\0\0"
    assert (here / "load-2.7.samples").read_bytes() == b"\xff\xff\xff"


def hurried(there: Path, name: str, seconds: float) -> Path:
    """A relay that waits less."""
    made, patient = there.parent / "relay.py", (ROOT / "loadtest" / "relay.py").read_text(encoding="utf-8")
    changed = re.sub(rf"^{name} = [\d.]+$", f"{name} = {seconds}", patient, flags=re.MULTILINE)
    assert changed != patient
    made.write_text(changed, encoding="utf-8")
    return made


def test_who_does_not_let_it_live_is_gone_too(there: Path, here: Path) -> None:
    """A connection that was cut says nothing, and does not end."""
    with relay(there, program=hurried(there, "_UNHEARD_S", 1.0)) as process:
        say(process)
        files = Files(here, 1, NODE)
        for _ in range(10):
            say(process, b".")
            seen = samples(here)
            assert follow(process, files, lambda seen=seen: samples(here) > seen + 20) is None
        assert follow(process, files, lambda: False) == 0


def test_who_listened_is_gone_and_the_load_ends(there: Path) -> None:
    with relay(there) as process:
        say(process)
        wait_for(lambda: any(there.glob("*.samples")) and samples(there) > 0, "a load")
        told, complained = process.communicate(timeout=60)
    assert json.loads(told.splitlines()[-1]) == {"ended": 0}
    assert b"told to end" in complained, "SIGINT; and what it says is no evidence"


def test_a_load_that_ends_by_itself_says_how(there: Path, here: Path) -> None:
    with relay(there, "failing") as process:
        say(process)
        assert follow(process, Files(here, 1, NODE), lambda: False) == 3


def test_a_load_that_does_not_end_is_killed(there: Path) -> None:
    with relay(there, "deaf", hurried(there, "_STOP_WITHIN_S", 0.3)) as process:
        say(process)
        wait_for(lambda: any(there.glob("*.samples")) and samples(there) > 0, "a load")
        told, _ = process.communicate(timeout=60)
    assert json.loads(told.splitlines()[-1]) == {"ended": -9}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"nonsense", "not understood"),
        (b"[]", "not understood"),
        (b'{"ended": null}', "not understood"),
        (b'{"at_ns": "now"}', "not understood"),
        (b'{"file": "../run.json", "data": ""}', "no evidence of the name '../run.json'"),
        (b'{"file": "canary-shop-1.samples", "at": 0, "data": ""}', "no evidence of the name"),
        (b'{"file": "load-7.samples", "at": 20, "data": "AAAA"}', "has 0 bytes, and what came begins at 20"),
        (b'{"file": "load-7.samples", "at": 0, "data": "?"}', "not understood"),
        (b'{"file": "load-7.json", "data": "AAAA"}', "not understood"),
    ],
)
def test_what_does_not_fit_is_no_evidence(line: bytes, why: str, here: Path) -> None:
    with pytest.raises(RecordingFailed, match=f"node2.*{why}"):
        Files(here, 1, NODE).take(line)
    assert not [path for path in here.parent.rglob("*") if path.is_file() and path.stat().st_size]


def test_nothing_comes_twice(here: Path) -> None:
    files = Files(here, 1, NODE)
    line = b'{"file": "load-7.samples", "at": 0, "data": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}'
    assert files.take(line) is None
    with pytest.raises(RecordingFailed, match="has 20 bytes, and what came begins at 0"):
        files.take(line)


@pytest.mark.parametrize(
    ("behind_s", "signs", "is_told"),
    [(-0.05, 30, False), (-0.3, 1, True), (0.05, 30, False), (0.3, 9, False), (0.3, 10, True), (3600.0, 10, True)],
)
def test_the_clock_there_is_held_against_ours(behind_s: float, signs: int, is_told: bool, here: Path) -> None:
    """That it is ahead shows at once; that it is behind, or the way is long, when ten signs were all late."""
    files = Files(here, 1, NODE)

    def sign() -> None:
        files.take(json.dumps({"at_ns": time.time_ns() - round(behind_s * 1e9)}).encode())

    for _ in range(signs - 1):
        sign()
    if is_told:
        with pytest.raises(RecordingFailed, match="clock of the node node2 differs"):
            sign()
    else:
        sign()


def test_one_late_sign_is_no_clock(here: Path) -> None:
    files = Files(here, 1, NODE)
    for late_s in (0.5, 0.5, 0.01, *[0.5] * 9):
        files.take(json.dumps({"at_ns": time.time_ns() - round(late_s * 1e9)}).encode())
    with pytest.raises(RecordingFailed, match="clock"):
        files.take(json.dumps({"at_ns": time.time_ns() - 500_000_000}).encode())
