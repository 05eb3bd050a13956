"""Trials keep clear of the engine's restart backoff, and end when they are told to."""

import json
import signal
from pathlib import Path

import pytest

from probes.trials.running import Series

BACKOFF_IS_FORGOTTEN_AFTER_S = 10


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def series(folder: Path, clock: Clock) -> Series:
    return Series(Path("kill.yaml"), 3, folder, lambda _line: None, clock, clock.sleep)


def made(one: Series, target: str | None) -> None:
    """As if a run had been made on that target; None: it left no evidence."""
    if target:
        (one.runs / "2026-run").mkdir()
        (one.runs / "2026-run" / "run.json").write_text(json.dumps({"target": {"name": target}}))
    one._lines.append({"run": "2026-run" if target else ""})


@pytest.mark.parametrize(("target", "waits"), [("docker", True), (None, True), ("embedded", False)])
def test_what_crashed_is_up_for_longer_than_the_backoff_remembers(
    target: str | None, waits: bool, tmp_path: Path
) -> None:
    clock = Clock()
    one = series(tmp_path, clock)
    made(one, target)
    assert one._wait()
    assert (clock.now > BACKOFF_IS_FORGOTTEN_AFTER_S) is waits


def test_a_signal_between_two_runs_ends_the_wait(tmp_path: Path) -> None:
    clock = Clock()
    one = series(tmp_path, clock)
    made(one, "docker")
    one._interrupt(signal.SIGTERM, None)
    assert not one._wait()
    assert clock.now == 0
    assert one.interrupted == "SIGTERM"


def test_two_sets_of_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    folders = {series(tmp_path, Clock()).directory for _ in range(3)}
    assert len(folders) == 3


def test_a_series_that_was_stopped_says_so_on_disk_and_begins_nothing(tmp_path: Path) -> None:
    one = series(tmp_path, Clock())
    one._interrupt(signal.SIGINT, None)
    one.make()
    told = json.loads((one.directory / "trials.json").read_text())
    assert (told["interrupted"], told["trials"]) == ("SIGINT", [])
