"""A Compose file laid over another means the same on both targets."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.errors import ConfigurationError
from probes.settings import Settings
from probes.targets.embedded.compose import Place, read_compose
from probes.targets.embedded.overlay import laid_over
from probes.targets.embedded.plan import Process

ROOT = Path(__file__).parents[2]
STACK = ROOT / "stack" / "compose.yaml"
MECHANISMS = sorted((ROOT / "stack" / "mechanisms").glob("*.yaml"))


def plan(tmp_path: Path, *overlays: Path) -> dict[str, Process]:
    place = Place({"PATH": "/bin"}, tmp_path, "/bin")
    return {process.service: process for process in read_compose(STACK, "p", place, overlays).processes}


@pytest.mark.parametrize("overlay", MECHANISMS, ids=lambda path: path.stem)
def test_each_mechanism_changes_something_and_leaves_the_rest(tmp_path: Path, overlay: Path) -> None:
    before, after = plan(tmp_path), plan(tmp_path, overlay)
    assert before.keys() == after.keys()
    assert before != after
    for name, process in after.items():
        assert (process.command, process.ports, process.depends_on) == (
            before[name].command, before[name].ports, before[name].depends_on,
        )  # fmt: skip
        assert set(dict(before[name].environment)) <= set(dict(process.environment))


def test_every_switch_of_a_mechanism_is_one_that_the_services_read() -> None:
    settings = (ROOT / "stack" / "services" / "common" / "settings.py").read_text(encoding="utf-8")
    names = {
        name
        for overlay in MECHANISMS
        for service in yaml.safe_load(overlay.read_text(encoding="utf-8"))["services"].values()
        for name in service.get("environment", {})
    }
    assert len(names) > 5
    assert {name for name in names if f'"{name}"' not in settings} == set()


def test_what_the_merge_does() -> None:
    below: dict[str, Any] = {"services": {"a": {"restart": "always", "environment": ["X=1", "Y=2"], "command": ["x"]}}}
    above = {"services": {"a": {"restart": "no", "environment": {"X": 3}, "command": ["y"]}}}
    merged = {"services": {"a": {"restart": "no", "environment": {"X": 3, "Y": "2"}, "command": ["y"]}}}
    assert laid_over(below, above) == merged
    assert below["services"]["a"]["restart"] == "always", "nothing is changed in place"


@pytest.mark.parametrize("above", [{"b": {"restart": "no"}}, {"a": {"ports": ["127.0.0.1:1:1"]}}])
def test_what_cannot_be_merged_is_refused(above: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="overlay"):
        laid_over({"services": {"a": {"ports": []}}}, {"services": above})


def test_an_overlay_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"STEHAUF_OVERLAYS names no/such\.yaml"):
        Settings.from_environment({"STEHAUF_OVERLAYS": "no/such.yaml"})
