"""The ledger survives its writer; the lock does not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probes.errors import RunRefused
from probes.run.ledger import Entry, Ledger
from probes.run.lock import TargetLock

ENTRY = Entry("abc", "crash", "web", "web-1", "a-run", 1)


def test_an_entry_is_there_for_the_next_run_until_it_is_struck_off(tmp_path: Path) -> None:
    Ledger(tmp_path, "docker", "shop").enter(ENTRY)
    again = Ledger(tmp_path, "docker", "shop")
    assert list(again) == [ENTRY]
    again.strike(ENTRY)
    assert list(Ledger(tmp_path, "docker", "shop")) == []


def test_ledgers_of_two_projects_do_not_meet(tmp_path: Path) -> None:
    Ledger(tmp_path, "docker", "shop").enter(ENTRY)
    assert list(Ledger(tmp_path, "docker", "other")) == []


def test_a_second_run_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    first = TargetLock(tmp_path, "docker", "shop")
    first.acquire("20260101T000000Z-first")
    with pytest.raises(RunRefused, match="20260101T000000Z-first"):
        TargetLock(tmp_path, "docker", "shop").acquire("second")
    TargetLock(tmp_path, "docker", "other").acquire("elsewhere")
    first.release()
    TargetLock(tmp_path, "docker", "shop").acquire("third")


def test_the_lock_dies_with_its_owner(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from probes.run.lock import TargetLock\n"
        "lock = TargetLock(Path(sys.argv[1]), 'docker', 'shop'); lock.acquire('killed'); print('held', flush=True)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(RunRefused, match="killed"):
            TargetLock(tmp_path, "docker", "shop").acquire("too early")
        os.kill(owner.pid, signal.SIGKILL)
    TargetLock(tmp_path, "docker", "shop").acquire("after")
