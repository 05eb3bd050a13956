"""On a machine that is busy for a moment a proof tries again; what was seen is never asked twice."""

from pathlib import Path

from proof_kit import Proved, outcomes

from probes.gate.process import Ended


def test_what_is_known_at_the_third_time_is_known(proved: Proved, passed: Ended, failed: Ended, busy: Ended) -> None:
    done = proved({"a": ["fallback"]}, busy, busy, passed, busy, busy, failed)
    assert done.exit_code == 0, done.output
    assert done.output.count("once more") == 4


def test_what_is_never_known_is_not_proved(
    proved: Proved, passed: Ended, failed: Ended, busy: Ended, tmp_path: Path
) -> None:
    done = proved({"a": ["fallback", "time-outs"]}, passed, busy, busy, busy, failed)
    assert done.exit_code == 1
    assert outcomes(tmp_path) == {("fallback", "a"): "unknown", ("time-outs", "a"): "caught"}
    assert "NOT proved" in done.output


def test_a_stack_that_was_never_seen_to_pass_proves_nothing(proved: Proved, failed: Ended, busy: Ended) -> None:
    done = proved({"a": ["fallback"]}, busy, busy, busy, failed)
    assert done.exit_code == 1
    assert "a: INCONCLUSIVE on the intact stack" in done.output


def test_a_hole_is_not_asked_again(proved: Proved, passed: Ended, tmp_path: Path) -> None:
    done = proved({"a": ["fallback"]}, passed, passed)
    assert done.exit_code == 1
    assert outcomes(tmp_path) == {("fallback", "a"): "missed"}
    assert "once more" not in done.output
