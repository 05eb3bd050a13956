"""The gate on a real stack: what passes, what fails, what was never recorded, and Ctrl-C in the middle."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, eventually, leftovers, read_until
from killing import TARGETS

from experiments import action, probe, python, smallest

pytestmark = pytest.mark.embedded


def write(bench: Bench, name: str, experiment: dict[str, Any]) -> None:
    (bench.folder / "suite").mkdir(parents=True, exist_ok=True)
    (bench.folder / "suite" / f"{name}.json").write_text(json.dumps(experiment), encoding="utf-8")


@contextmanager
def gate(bench: Bench, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`pytest suite` in the folder of the bench."""
    command = [str(bench.python), "-m", "pytest", "-p", "no:cacheprovider", "suite", "--target", bench.target]
    process = subprocess.Popen(
        [*command, *arguments], cwd=bench.folder, env=bench.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def verdicts(bench: Bench) -> dict[str, Any]:
    text = (Path(bench.environment["STEHAUF_RUNS"]) / "verdicts.json").read_text(encoding="utf-8")
    return {Path(row["experiment"]).stem: row["verdict"] for row in json.loads(text)["experiments"]}


def test_the_verdict_of_each_experiment_is_that_of_its_own_run(embedded: Bench) -> None:
    unmet, unheard = smallest(), smallest()
    unmet["method"].append(
        probe("no canary asked", 0, python("probes.figures", "failed_requests", source="canary:shop"))
    )
    unmet["method"][-1]["tolerance"] = -1
    unheard["controls"][0]["provider"]["module"] = "probes.contrl"
    for name, experiment in (("passes", smallest()), ("unheard", unheard), ("unmet", unmet)):
        write(embedded, name, experiment)
    with gate(embedded) as process:
        output, _ = process.communicate(timeout=240)
    assert process.returncode == 1, output
    assert verdicts(embedded) == {"passes": "PASS", "unheard": None, "unmet": "FAIL"}
    assert "1 passed" in output
    assert "2 failed" in output
    assert "“no canary asked”: observed 0, claimed -1" in output
    assert "left no verdict.json" in output
    assert "probes/gate" not in output
    assert "product" in embedded.chaos("stack", "status").output, "a stack that was up stays up"


def test_ctrl_c_undoes_takes_down_and_says_what_did_not_run(bench: Bench) -> None:
    waiting = smallest()
    waiting["method"].insert(1, action("waits", {"type": "process", "path": "sleep", "arguments": "60"}))
    waiting["runtime"] = {"rollbacks": {"strategy": "always"}}
    write(bench, "a-waits", waiting)
    write(bench, "b-never", smallest())
    with gate(bench, "-s") as process:
        said = read_until(process, "Action: waits")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, said + rest
    assert "Undo: product" in rest
    assert "not up" in bench.chaos("stack", "status").output
    assert verdicts(bench) == {"a-waits": "INCONCLUSIVE", "b-never": None}
    assert eventually(lambda: leftovers(bench) == [])


@pytest.mark.parametrize("target", TARGETS)
def test_two_run_side_by_side_on_stacks_of_their_own(target: str, tmp_path: Path) -> None:
    """Nothing in them claims a time; of the second stack nothing stays."""
    bench = Bench(target, tmp_path)
    experiment = smallest()
    del experiment["method"][1]["tolerance"]
    for name in ("a", "b"):
        write(bench, name, experiment)
    with gate(bench, "--stacks", "2") as process:
        output, _ = process.communicate(timeout=240)
    runs = Path(bench.environment["STEHAUF_RUNS"])
    told = [json.loads((run / "run.json").read_text()) for run in runs.iterdir() if (run / "run.json").is_file()]
    by_project = {one["target"]["project"]: one for one in told}
    assert by_project.keys() == {bench.project, f"{bench.project}-2"}, output
    spans = [(one["started_ns"], one["ended_ns"]) for one in by_project.values()]
    assert max(began for began, _ in spans) < min(ended for _, ended in spans), "they ran at the same time"
    assert set(verdicts(bench).values()) <= {"PASS", "INCONCLUSIVE"}, output  # two cores may be too few for two
    assert "not up" in bench.chaos("stack", "status").output
    assert "not up" in bench.chaos("stack", "status", STEHAUF_PROJECT=f"{bench.project}-2").output


def test_ctrl_c_ends_a_proof_and_what_it_did_not_come_to_is_no_hole(bench: Bench) -> None:
    """Interrupted while product is broken: the fault is undone, the stack taken down, and nothing is called proved."""
    experiment = smallest()
    experiment["method"].insert(1, action("waits", {"type": "process", "path": "sleep", "arguments": "60"}))
    experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
    experiment["extensions"] = [{"name": "stehauf", "negative_controls": {"restart-policy": "back"}}]
    write(bench, "smallest", experiment)
    runs = Path(bench.environment["STEHAUF_RUNS"]) / "proof"
    with bench.started("prove", "suite", "--target", "embedded", "--without", "restart-policy") as process:
        assert eventually(lambda: any("injected" in path.read_text() for path in runs.glob("*/faults.jsonl")), 60)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert "NOT proved: it was interrupted, and 1 of 1 cells were not tried" in output
    assert "hole" not in output
    assert "Traceback" not in output
    proof = json.loads((runs / "proof.json").read_text(encoding="utf-8"))
    assert (proof["proved"], proof["interrupted"], proof["holes"]) == (False, True, [])
    assert "not up" in bench.chaos("stack", "status").output
    assert eventually(lambda: leftovers(bench) == [])


def test_a_mechanism_whose_loss_is_noticed_and_one_whose_loss_is_not(bench: Bench) -> None:
    """Proved by real runs: without its restart policy product stays away; this experiment looks at no fallback."""
    experiment = smallest()
    experiment["method"][1]["provider"]["arguments"]["timeout"] = 6
    experiment["method"][1]["tolerance"] = {"type": "range", "range": [0, 5]}
    experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
    named = {"restart-policy": "back", "fallback": "back"}
    experiment["extensions"] = [{"name": "stehauf", "negative_controls": named}]
    write(bench, "smallest", experiment)
    run = bench.chaos("prove", "suite", "--target", "embedded", "--without", "restart-policy", "--without", "fallback")
    assert run.code == 1, run.output
    proof = json.loads((Path(bench.environment["STEHAUF_RUNS"]) / "proof" / "proof.json").read_text(encoding="utf-8"))
    assert proof["intact"] == {"smallest": "PASS"}, run.output
    assert {cell["mechanism"]: cell["outcome"] for cell in proof["cells"]} == {
        "restart-policy": "caught",
        "fallback": "missed",
    }, run.output
    assert proof["holes"] == ["fallback"]
    assert "hole: no experiment notices the loss of fallback" in run.output
    caught = Path(bench.environment["STEHAUF_RUNS"]) / "proof" / proof["cells"][1]["run"]
    assert json.loads((caught / "run.json").read_text())["target"]["overlays"] == ["restart-policy.yaml"]
    assert "not up" in bench.chaos("stack", "status").output
