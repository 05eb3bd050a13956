"""What the gate takes for an experiment, and how it keeps out of every other pytest run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from gate_kit import Gate

TARGET = ("--target", "embedded")
NO_EXPERIMENTS = {
    "broken.yaml": "title: [\n  - x: {\n",
    "empty.yaml": "",
    "list.yml": "- a\n",
    "broken.json": "{",
    "compose.yaml": "services: {}\n",
}

Given = Callable[[str], Path]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "The gate was not told its target"), (("--target", "memory"), "memory"), (("--target", "dockr"), "dockr")],
)
def test_the_gate_must_be_told_a_target(gate: Gate, evidence: Given, arguments: tuple[str, ...], said: str) -> None:
    gate.experiment("good", (0, "", evidence("PASS")))
    gated = gate("experiments", *arguments)
    assert gated.code == 4
    assert said in gated.output
    assert "Traceback" not in gated.output


def test_tags_are_markers_and_names_are_words(gate: Gate, evidence: Given) -> None:
    gate.experiment("kill-a", (0, "", evidence("PASS")), tags=("crash", "circuit-breaker"))
    gate.experiment("kill-b", (0, "", evidence("PASS")), tags=("pause", "two words"))
    for arguments, taken in (
        (("experiments", "-m", "circuit-breaker and not two-words"), "kill-a"),
        (("experiments", "-k", "kill-b"), "kill-b"),
        (("experiments/kill-a.json",), "kill-a"),
    ):
        gated = gate(*arguments, environment={"STEHAUF_TARGET": "embedded"})
        assert gated.code == 0, gated.output
        assert [row["title"] for row in gated.verdicts["experiments"]] == [f"title of {taken}"]


def test_a_file_that_is_no_experiment_stops_the_suite_before_it_begins(gate: Gate, evidence: Given) -> None:
    gate.experiment("good", (0, "", evidence("PASS")))
    for name, text in NO_EXPERIMENTS.items():
        (gate.folder / "experiments" / name).write_text(text, encoding="utf-8")
    gated = gate("experiments", *TARGET)
    assert gated.code == 2
    for name in NO_EXPERIMENTS:
        assert name in gated.output
    assert f"{len(NO_EXPERIMENTS)} errors" in gated.output
    assert "Traceback" not in gated.output
    assert "probes/gate" not in gated.output
    assert [row["verdict"] for row in gated.verdicts["experiments"]] == [None], "nothing ran"
    assert gated.verdicts["passed"] is False
    alone = gate("experiments/empty.yaml", *TARGET)
    assert alone.code == 2
    assert "is no experiment" in alone.output


def test_an_empty_folder_is_no_success(gate: Gate) -> None:
    (gate.folder / "experiments").mkdir()
    assert gate("experiments", *TARGET).code == 5


def test_an_ordinary_run_is_left_alone(gate: Gate, evidence: Given) -> None:
    """It collects no experiment of a folder below, loads nothing of ours, and keeps its own options."""
    gate.experiment("good", (0, "", evidence("PASS")))
    (gate.folder / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--target', default='theirs')\n", encoding="utf-8"
    )
    (gate.folder / "broken.yaml").write_text("a: [", encoding="utf-8")
    (gate.folder / "test_users.py").write_text(
        "import sys\n\ndef test_light(request):\n"
        "    heavy = {'yaml', 'numpy', 'docker', 'chaoslib', 'probes.gate.suite', 'probes.gate.collecting'}\n"
        "    assert heavy & set(sys.modules) == set()\n"
        "    assert request.config.getoption('--target') == 'x'\n",
        encoding="utf-8",
    )
    for arguments in ((), (".",)):
        gated = gate("-p", "no:hypothesispytest", "-p", "no:locust", "--target", "x", *arguments)
        assert gated.code == 0, gated.output
        assert "1 passed" in gated.output
    assert not (gate.folder / "runs").exists()


def test_collecting_needs_no_target_and_starts_nothing(gate: Gate, evidence: Given) -> None:
    gate.experiment("good", (0, "", evidence("PASS")))
    gated = gate("experiments", "--collect-only", "-q")
    assert gated.code == 0
    assert "experiments/good.json::good" in gated.output
    assert not (gate.folder / "runs").exists()
