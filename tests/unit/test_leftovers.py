"""What `chaos heal --check` takes for left behind."""

from itertools import count
from pathlib import Path

import pytest

from probes.run.ledger import Entry, Ledger
from probes.run.leftovers import heal_all, left_behind
from probes.targets.memory import MemoryTarget, Misbehaviour


def killed_after(tmp_path: Path, fault: str, *, restarts: bool) -> tuple[MemoryTarget, Ledger]:
    """A target on which a run was killed right after that fault."""
    target = MemoryTarget(count(1).__next__, misbehaviour=Misbehaviour(restarts=restarts))
    target.up(lambda _sentence: None)
    (echo,) = target.instances("echo")
    ledger = Ledger(tmp_path, target.name, target.project)
    ledger.enter(Entry("abc", fault, "echo", echo.id, "a-run", 1, None if fault == "crash" else 2))
    if fault == "crash":
        target.crash(echo)
    else:
        target.pause(echo)
    return target, ledger


def test_a_crash_after_which_the_policy_acted_left_nothing(tmp_path: Path) -> None:
    target, ledger = killed_after(tmp_path, "crash", restarts=True)
    assert left_behind(target, ledger) == []


def test_a_crash_after_which_nobody_acted_is_left_until_it_is_healed(tmp_path: Path) -> None:
    target, ledger = killed_after(tmp_path, "crash", restarts=False)
    (told,) = left_behind(target, ledger)
    assert "echo: crash by a-run" in told
    assert len(list(heal_all(target, ledger))) == 1
    assert target.instances("echo")[0].state == "running"
    assert left_behind(target, ledger) == []


@pytest.mark.parametrize("ended", [True, False])
def test_what_lasts_is_left_until_its_undo_was_verified(tmp_path: Path, ended: bool) -> None:
    """However well it looks: the undo reads more than a state."""
    target, ledger = killed_after(tmp_path, "hang", restarts=True)
    if ended:
        target.resume(target.instances("echo")[0])
    assert len(left_behind(target, ledger)) == 1


def test_a_crash_of_what_is_gone_left_nothing(tmp_path: Path) -> None:
    target, ledger = killed_after(tmp_path, "crash", restarts=False)
    target.down()
    assert left_behind(target, ledger) == []
