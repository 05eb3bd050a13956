"""A proof that ends early says nothing against what it did not come to, and is never proved."""

from pathlib import Path

import pytest
from proof_kit import INTERRUPTED, AsFound, Proved, outcomes

from probes.errors import TargetUnavailable
from probes.gate.process import Ended


def test_ctrl_c_between_cells_leaves_the_rest_not_tried(
    proved: Proved, passed: Ended, failed: Ended, tmp_path: Path
) -> None:
    controls = {"a": ["fallback", "idempotency"], "b": ["idempotency", "time-outs"]}
    done = proved(controls, passed, passed, failed, passed, INTERRUPTED)
    assert done.exit_code == 1
    assert outcomes(tmp_path) == {
        ("fallback", "a"): "caught",
        ("idempotency", "a"): "missed",
        ("idempotency", "b"): "not tried",
        ("time-outs", "b"): "not tried",
    }
    assert "NOT proved: it was interrupted, and 2 of 4 cells were not tried" in done.output
    assert "hole" not in done.output
    assert "idempotency x a: missed" in done.output


def test_ctrl_c_on_the_intact_stack_leaves_everything_not_tried(proved: Proved, passed: Ended, tmp_path: Path) -> None:
    done = proved({"a": ["fallback"], "b": ["time-outs"]}, passed, INTERRUPTED)
    assert done.exit_code == 1
    assert set(outcomes(tmp_path).values()) == {"not tried"}
    assert "NOT proved: it was interrupted, and 2 of 2 cells were not tried" in done.output
    assert "hole" not in done.output


def test_ctrl_c_after_the_last_cell_proves_nothing_either(
    proved: Proved, passed: Ended, failed: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([None, KeyboardInterrupt()])

    def interrupted(_stack: AsFound) -> None:
        if error := next(ends):
            raise error

    monkeypatch.setattr(AsFound, "release", interrupted)
    done = proved({"a": ["fallback"]}, passed, failed)
    assert done.exit_code == 1
    assert "NOT proved: it was interrupted" in done.output


def test_a_stack_that_cannot_be_taken_down_ends_the_proof_and_says_so(
    proved: Proved, passed: Ended, failed: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen before stays seen."""
    ends = iter(["", "the engine went away"])

    def broken(_stack: AsFound) -> None:
        if said := next(ends):
            raise TargetUnavailable(said)

    monkeypatch.setattr(AsFound, "release", broken)
    done = proved({"a": ["fallback", "time-outs"]}, passed, failed)
    assert done.exit_code == 1
    assert outcomes(tmp_path) == {("fallback", "a"): "caught", ("time-outs", "a"): "not tried"}
    assert "NOT proved: it ended early, and 1 of 2 cells were not tried" in done.output
    assert "Error: the engine went away" in done.output


def test_a_mechanism_that_nobody_names_is_a_hole_whenever_it_ends(proved: Proved, tmp_path: Path) -> None:
    """That is known without a run."""
    done = proved({"a": []}, INTERRUPTED)
    assert done.exit_code == 1
    assert outcomes(tmp_path) == {}
    assert done.output.count("hole: no experiment notices") == 9
