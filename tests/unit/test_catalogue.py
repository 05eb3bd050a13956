"""The experiments: each valid, each found in the catalogue, each saying in German what it says in English."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaoslib.experiment import ensure_experiment_is_valid

from probes.faults.table import table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "experiments"
FILES = sorted(path for path in (*FOLDER.iterdir(), *FOLDER.glob("swarm/*")) if path.suffix in {".yaml", ".json"})


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML too
    return found


def faults(experiment: dict[str, Any]) -> list[tuple[str, str]]:
    """Action and service of each fault in the method."""
    providers = [one["provider"] for one in experiment["method"] if one["type"] == "action"]
    return [(each["func"], each["arguments"]["service"]) for each in providers if each.get("func") in table()]


def row(path: Path) -> str:
    experiment = read(path)
    broken = ", ".join(f"`{func}` of {service}" for func, service in faults(experiment))
    targets = set.intersection(*(set(table()[func]) for func, _ in faults(experiment)))
    if path.parent.name == "swarm":
        targets = {"swarm"}  # with two copies of product
    name = path.relative_to(FOLDER)
    return f"| [{name}]({name}) | {experiment['title']} | {broken} | {', '.join(sorted(targets))} |"


def test_the_catalogue_is_made_of_the_files() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = [line for line in text.splitlines() if line.startswith("| [")]
    assert listed == [row(path) for path in FILES], "the table should read:\n" + "\n".join(row(path) for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_experiment_is_whole(path: Path) -> None:
    experiment = read(path)
    ensure_experiment_is_valid(json.loads(json.dumps(experiment)))
    assert faults(experiment), "it breaks something"
    assert any("tolerance" in one for one in experiment["method"]), "it claims something of it"
    assert experiment["runtime"]["rollbacks"]["strategy"] == "always"
    undone = {one["provider"]["arguments"]["service"] for one in experiment["rollbacks"]}
    assert {service for _, service in faults(experiment)} <= undone, "what it breaks, it brings back"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_experiment_says_everything_in_german_too(path: Path) -> None:
    experiment = read(path)
    (extension,) = [one for one in experiment["extensions"] if one["name"] == "stehauf"]
    german = extension["translations"]["de"]
    probes = experiment["steady-state-hypothesis"]["probes"]
    names = [one["name"] for one in (*probes, *experiment["method"], *experiment["rollbacks"])]
    said = [experiment["title"], " ".join(experiment["description"].split()), *names]
    assert [one for one in said if one not in german] == []
    assert [one for one in german if not german[one].strip()] == []


def test_the_figures_named_in_the_readme_are_there() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for module, name in re.findall(r"`(probes\.\w+)\.(\w+)`", text):
        assert hasattr(__import__(module, fromlist=[name]), name), f"{module}.{name}"
