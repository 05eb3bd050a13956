"""A proof that ends early says nothing against what it did not come to, and is never proved."""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from evidence_builder import Run
from evidence_parts import END, S
from in_memory import VALID

from probes.cli.prove import prove
from probes.errors import TargetUnavailable
from probes.gate.process import Ended
from probes.prove import proving
from reports.verdict import write

INTERRUPTED = Ended(1, "", None, interrupted=True)
Proved = Callable[..., Result]


class AsFound:
    """In place of a stack."""

    def __init__(self, _settings: object) -> None: ...

    def require(self, _progress: object) -> None: ...

    def renew(self) -> None: ...

    def release(self) -> None: ...


@pytest.fixture
def passed(tmp_path: Path) -> Ended:
    directory = Run().write(tmp_path / "passed")
    write(directory)
    return Ended(0, "", directory)


@pytest.fixture
def failed(tmp_path: Path) -> Ended:
    run = Run()
    run.samples["load-22"].add(END - S, 5, 500)
    directory = run.write(tmp_path / "failed")
    write(directory)
    return Ended(1, "", directory)


@pytest.fixture
def proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proved:
    """`chaos prove` of experiments with these controls, whose runs come to these ends, one after the other."""

    def run(controls: Mapping[str, Sequence[str]], *ends: Ended) -> Result:
        (tmp_path / "experiments").mkdir()
        for name, mechanisms in controls.items():
            experiment = deepcopy(VALID)
            experiment["method"][1]["name"] = "failed requests"
            named = dict.fromkeys(mechanisms, "failed requests")
            experiment["extensions"] = [{"name": "stehauf", "negative_controls": named}]
            (tmp_path / "experiments" / f"{name}.json").write_text(json.dumps(experiment), encoding="utf-8")
        to_come = list(ends)
        monkeypatch.setattr(proving, "SuiteStack", AsFound)
        monkeypatch.setattr(proving, "chaos_run", lambda *_arguments: to_come.pop(0))
        monkeypatch.setattr(proving.Proof, "refuse_a_stack_that_is_up", lambda _proof: None)
        arguments = [str(tmp_path / "experiments"), "--target", "embedded"]
        for name in sorted({name for mechanisms in controls.values() for name in mechanisms}):
            arguments += ["--without", name]
        environment = {"STEHAUF_RUNS": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        return CliRunner().invoke(prove, arguments, env=environment)

    return run


def outcomes(tmp_path: Path) -> dict[tuple[str, str], str]:
    told = json.loads((tmp_path / "proof" / "proof.json").read_text(encoding="utf-8"))
    assert told["proved"] is False
    return {(cell["mechanism"], cell["experiment"]): cell["outcome"] for cell in told["cells"]}


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
