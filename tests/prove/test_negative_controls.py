"""What an experiment may name as a negative control, and how a run for proof ends."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from in_memory import VALID, chaos, in_memory, written

from probes.cli.prove import prove
from probes.errors import ConfigurationError
from probes.faults.table import table
from probes.lint.linting import files_of
from probes.prove.controls import mechanisms, subject
from reports.evidence.reader import Evidence
from reports.proof import CAUGHT, judged

ROOT = Path(__file__).parents[2]
FILE = Path("kill.yaml")
SHIPPED = files_of([ROOT / "experiments"])


def named(controls: Any) -> dict[str, Any]:
    experiment = deepcopy(VALID)
    experiment["extensions"] = [{"name": "stehauf", "negative_controls": controls}]
    return experiment


def test_one_claim_or_several_notice_a_loss() -> None:
    found = subject(FILE, named({"fallback": "base", "restart-policy": ["all", "requests"]}))
    assert found.controls == {"fallback": ("base",), "restart-policy": ("all", "requests")}
    assert subject(FILE, VALID).controls == {}


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ({"falback": "base"}, "falback.*there are.*fallback"),
        ({"fallback": "no such claim"}, "no such claim.*its claims are: all; requests; base"),
        ({"fallback": "crash"}, "'crash'"),
        ({"fallback": []}, "nothing"),
        ({"fallback": None}, "nothing"),
        (["fallback"], "maps a mechanism"),
    ],
)
def test_what_is_wrong_is_named(controls: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        subject(FILE, named(controls))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_controls_of_the_experiments_that_ship_are_right(path: Path) -> None:
    subject(path, yaml.safe_load(path.read_text(encoding="utf-8")))


def test_each_mechanism_is_documented_and_has_a_title_in_both_languages() -> None:
    text = (ROOT / "docs" / "prove.md").read_text(encoding="utf-8")
    for name, mechanism in mechanisms().items():
        assert f"| `{name}` |" in text
        assert set(mechanism.title) == {"en", "de"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "was not told its target"),
        (["--target", "embedded", "--without", "x"], "There is no mechanism x"),
        (["--target", "dockr"], "dockr"),
        (["nowhere.yaml", "--target", "embedded"], "nowhere.yaml"),
        ([str(ROOT / "pyproject.toml"), "--target", "embedded"], "pyproject.toml"),
    ],
)
def test_what_cannot_be_proved_is_one_sentence(arguments: list[str], said: str, tmp_path: Path) -> None:
    environment = {"STEHAUF_TARGET": "", "STEHAUF_RUNS": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    done = CliRunner().invoke(prove, arguments, env=environment)
    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_a_hypothesis_that_is_not_met_is_in_the_journal_of_a_run_for_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off at its probe it would not be, and nothing would be noticed."""
    experiment = deepcopy(VALID)
    experiment["steady-state-hypothesis"]["probes"][0]["tolerance"] = "no"
    in_memory(tmp_path, monkeypatch)
    monkeypatch.setenv("STEHAUF_UNTIL_UNMET", "all")
    chaos("run", written(experiment, tmp_path))
    (directory,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    cell = judged("circuit-breaker", "echo", Evidence(directory), ("all",))
    assert (cell.outcome, cell.claim) == (CAUGHT, "all"), cell.sentence


@pytest.mark.parametrize(("until", "ran"), [("base", 3), ("requests", 2), ("another", 4), ("", 4)])
def test_a_run_for_proof_ends_once_its_claim_is_unmet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: str, ran: int
) -> None:
    experiment = deepcopy(VALID)
    experiment["method"][2]["tolerance"] = "another value"
    experiment["method"].append({**experiment["method"][2], "name": "last", "tolerance": "b"})
    target = in_memory(tmp_path, monkeypatch)
    monkeypatch.setenv("STEHAUF_UNTIL_UNMET", until)
    result, said = chaos("run", written(experiment, tmp_path))
    assert result.exit_code != 0, said
    (directory,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    journal = json.loads((directory / "journal.json").read_text(encoding="utf-8"))
    assert len(journal["run"]) == ran
    verdict = json.loads((directory / "verdict.json").read_text(encoding="utf-8"))
    if ran < 4:
        assert verdict["verdict"] == "INCONCLUSIVE"
        assert "was to show no more" in json.dumps(verdict["reasons"])
    assert {one.state for name in target.services() for one in target.instances(name)} == {"running"}


def test_each_mechanism_is_named_by_an_experiment_and_those_run_on_every_target() -> None:
    """Else the plain `chaos prove` could not exit 0, on one of the targets or on any."""
    contents = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in SHIPPED}
    naming = {path: found for path in SHIPPED if (found := subject(path, contents[path]).controls)}
    assert {name for controls in naming.values() for name in controls} == mechanisms().keys()
    for path in naming:
        broken = {one["provider"].get("func") for one in contents[path]["method"]} & table().keys()
        assert broken, path
        assert all(set(table()[func]) >= {"docker", "embedded"} for func in broken), path
