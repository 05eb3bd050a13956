"""What the linter finds in experiments, on which line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from probes.cli.lint import lint

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "experiments" / "kill-product.yaml").read_text(encoding="utf-8")
Experiment = dict[str, Any]


def linted(path: Path) -> dict[str, int]:
    done = CliRunner().invoke(lint, [str(path), "--format", "json"])
    assert "Traceback" not in done.output
    return {one["code"]: one["line"] for one in json.loads(done.stdout)}


def crash(experiment: Experiment) -> Experiment:
    found: Experiment = experiment["method"][0]
    return found


@pytest.mark.parametrize(
    ("spoil", "code", "at"),
    [
        (lambda e: e.pop("controls"), "E101", "title:"),
        (lambda e: e["controls"][0].update(scope="after"), "E101", "controls:"),
        (
            lambda e: e["controls"].append({"name": "x", "provider": {"type": "python", "module": "no.such"}}),
            "E102",
            "x",
        ),
        (lambda e: e.pop("steady-state-hypothesis"), "E103", "title:"),
        (lambda e: e["runtime"].update(hypothesis={"strategy": "before-method-only"}), "E103", "strategy: before"),
        (lambda e: e["method"].pop(0), "E104", "method:"),
        (lambda e: e["method"][1].update(tolerance={"type": "range", "range": [0, float("inf")]}), "E105", ".inf"),
        (lambda e: e["method"][2].update(tolerance={"type": "regex", "pattern": ".*", "target": "body"}), "E105", ".*"),
        (lambda e: e["method"][2].update(tolerance=[True, False]), "E105", "- false"),
        (lambda e: e["method"][1].pop("tolerance"), "E106", "seconds until"),
        (lambda e: e["runtime"].update(hypothesis={"strategy": "default", "frequency": 1}), "E107", "frequency"),
        (lambda e: e["runtime"].update(hypothesis={"fail_fast": True}), "E107", "fail_fast"),
        (lambda e: e["runtime"]["rollbacks"].update(strategy="alway"), "E107", "alway"),
        (lambda e: e["rollbacks"].clear(), "E108", "product crashes"),
        (lambda e: e.pop("runtime"), "E109", "rollbacks:"),
        (lambda e: crash(e).update(provider={"type": "process", "path": "true"}), "E110", "product crashes"),
        (lambda e: [one.pop("tolerance", 0) for one in e["method"]], "E112", "method:"),
        (lambda e: e["method"][2].update(tolerance="True"), "E113", "'True'"),
        (lambda e: e["method"][2].update(tolerance="1.5"), "E113", "'1.5'"),
        (lambda e: e.pop("method"), "E001", ""),
        (lambda e: e["method"].append("x"), "E002", ""),
        (lambda e: crash(e)["provider"].update(func="crush"), "E002", ""),
        (lambda e: crash(e).pop("provider"), "E002", ""),
    ],
)
def test_each_fault_is_found_on_its_line(
    tmp_path: Path, spoil: Callable[[Experiment], object], code: str, at: str
) -> None:
    experiment = yaml.safe_load(TEXT)
    spoil(experiment)
    text = yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True)
    (tmp_path / "experiment.yaml").write_text(text, encoding="utf-8")
    found = linted(tmp_path / "experiment.yaml")
    assert code in found
    line = text.splitlines()[found[code] - 1]
    near = "\n".join(text.splitlines()[found[code] - 1 : found[code] + 5])
    assert at in near, line


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.yaml", "title: [\n", 2),
        ("a.json", '{"title": "x",\n}', 2),
        ("a.yaml", "", 1),
        ("a.json", "", 1),
        ("a.yml", "- a", 1),
    ],
)
def test_what_is_no_experiment(tmp_path: Path, name: str, text: str, line: int) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert linted(tmp_path / name) == {"E001": line}


def test_json_with_tabs_has_its_lines_too(tmp_path: Path) -> None:
    experiment = yaml.safe_load(TEXT)
    del experiment["runtime"]
    (tmp_path / "tabs.json").write_text(json.dumps(experiment, indent="\t"), encoding="utf-8")
    found = linted(tmp_path / "tabs.json")
    assert "rollbacks" in (tmp_path / "tabs.json").read_text(encoding="utf-8").splitlines()[found["E109"] - 1]
