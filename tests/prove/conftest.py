"""`chaos prove` with runs that come to what a test says."""

import json
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from proof_kit import AsFound, Proved

from probes.cli.prove import prove
from probes.gate.process import Ended
from probes.prove import proving
from reports.verdict import write

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "lint"), str(TESTS / "reports")]

from evidence_builder import Run  # noqa: E402 - found by the line above
from evidence_parts import END, S  # noqa: E402
from in_memory import VALID  # noqa: E402


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


@pytest.fixture
def busy(tmp_path: Path) -> Ended:
    """The machine was the limit: INCONCLUSIVE."""
    run = Run()
    for samples in run.samples.values():
        samples.rows = [(due, latency, 2000, *rest) for due, latency, _, *rest in samples.rows]
    directory = run.write(tmp_path / "busy")
    write(directory)
    return Ended(1, "", directory)
