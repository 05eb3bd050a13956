"""Each way in which Chaos Toolkit alone exits 0 without proof: with our control it does not, on both of its lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, Run, undisturbed

from experiments import action, impatient, probe, smallest
from experiments import python as call

pytestmark = pytest.mark.embedded

ECHO = {"type": "process", "path": "echo", "arguments": "hello"}


def never_true() -> dict[str, Any]:
    return probe("never", "something else", ECHO)


def fails(name: str = "fails") -> dict[str, Any]:
    return action(name, call("probes.actions", "ensure_running", service="product", within="nonsense"))


@pytest.fixture
def line(embedded: Bench, python: Path) -> Bench:
    return embedded.with_python(python)


def assert_not_pass(run: Run, reason: str, verdict: str = "INCONCLUSIVE") -> None:
    assert run.code != 0, run.output
    assert run.verdict["verdict"] == verdict, run.said
    assert reason in run.said.lower(), run.said


def test_the_smallest_experiment_passes(line: Bench) -> None:
    """Without this, nothing below would show anything."""
    line.passes(smallest())


def test_a_baseline_that_is_not_met(line: Bench) -> None:
    experiment = smallest()
    experiment["steady-state-hypothesis"]["probes"].append(never_true())
    run = line.run(experiment)
    assert_not_pass(run, "steady state")
    assert not (run.directory / "faults.jsonl").exists()


def test_an_action_that_failed(line: Bench) -> None:
    experiment = smallest()
    experiment["method"].append(fails())
    assert_not_pass(line.run(experiment), "fails")


def test_a_rollback_that_failed(line: Bench) -> None:
    experiment = smallest()
    experiment["rollbacks"].append(fails())
    assert_not_pass(line.run(experiment), "fails")


def test_a_tolerance_on_a_method_probe_that_is_not_met(line: Bench) -> None:
    experiment = smallest()
    experiment["method"][1]["tolerance"] = {"type": "range", "range": [0, 0.001]}
    assert_not_pass(line.run(experiment), "back", verdict="FAIL")


@pytest.mark.parametrize(("func", "verdict"), [("test_mapping", "PASS"), ("test_none", "FAIL")])
def test_a_tolerance_that_is_itself_a_probe(line: Bench, func: str, verdict: str) -> None:
    """It runs code, so its outcome is recorded when it ran. The code here: any function of one `value`."""
    tolerance = {"type": "probe", "name": "asks", "provider": call("jinja2.tests", func)}
    experiment = smallest()
    experiment["method"].append(probe("asked", tolerance, ECHO))
    run = undisturbed(lambda: line.run(experiment), lambda run: run)
    assert run.verdict["verdict"] == verdict, run.said
    assert (run.code == 0) == (verdict == "PASS")


def test_states_unmet_during_the_method(line: Bench) -> None:
    """The hypothesis is looked at continuously, and product is away for a moment."""
    experiment = smallest()
    experiment["steady-state-hypothesis"]["probes"] = [
        probe("healthy at once", True, call("probes.probes", "all_healthy"))
    ]
    experiment["method"].insert(1, action("stays a while", ECHO, pauses={"after": 1}))
    run = line.run(experiment, "--hypothesis-strategy", "continuously", "--hypothesis-frequency", "0.05")
    assert run.code != 0
    assert run.verdict["verdict"] == "FAIL"
    assert "during" in {claim["phase"] for claim in run.verdict["claims"] if claim["verdict"] == "FAIL"}


@pytest.mark.parametrize("dry", ["actions", "probes", "activities", "pause"])
def test_a_dry_run(line: Bench, dry: str) -> None:
    assert_not_pass(line.run(impatient(smallest(), timeout=3), "--dry", dry), "dry")


def test_a_single_activity_that_is_dry(line: Bench) -> None:
    experiment = smallest()
    experiment["method"].append(probe("dry", "x", ECHO, dry="probes"))
    run = line.run(experiment)
    assert run.code != 0
    assert run.verdict["verdict"] != "PASS"


def test_rollbacks_that_never_ran(line: Bench) -> None:
    assert_not_pass(line.run(smallest(), "--rollback-strategy", "never"), "rollback")


@pytest.mark.parametrize("strategy", ["before-method-only", "after-method-only", "during-method-only"])
def test_a_reduced_hypothesis(line: Bench, strategy: str) -> None:
    assert_not_pass(line.run(smallest(), "--hypothesis-strategy", strategy), "hypothesis")


def test_no_hypothesis_at_all(line: Bench) -> None:
    experiment = smallest()
    del experiment["steady-state-hypothesis"]
    assert_not_pass(line.run(experiment), "hypothesis")


def test_nothing_was_broken(line: Bench) -> None:
    experiment = smallest()
    experiment["method"] = [probe("looks", "hello\n", ECHO)]
    experiment["method"][0]["tolerance"] = {"type": "jsonpath", "path": "$.stdout"}
    run = line.run(experiment)
    assert run.code != 0
    assert run.verdict["verdict"] == "INCONCLUSIVE"
    assert "fault" in run.said.lower()


def test_an_action_whose_effect_nobody_proved(line: Bench) -> None:
    experiment = smallest()
    experiment["method"].insert(0, action("foreign", ECHO))
    assert_not_pass(line.run(experiment), "foreign")


def test_a_tolerance_that_crashes_the_run(line: Bench) -> None:
    """A range on nothing: chaoslib ends with an exception, without rollbacks and without a journal."""
    experiment = smallest()
    nothing = call("probes.probes", "all_healthy", within=20)
    experiment["steady-state-hypothesis"]["probes"].append(probe("crashes", [1, 2], {**ECHO, "arguments": "x"}))
    experiment["steady-state-hypothesis"]["probes"].append(probe("never", True, nothing))
    run = line.run(experiment)
    assert run.code != 0
    assert run.directory is None or run.verdict["verdict"] != "PASS"


def test_a_value_that_json_cannot_hold(line: Bench) -> None:
    """It would truncate Chaos Toolkit's journal."""
    experiment = smallest()
    experiment["method"].append({"name": "odd", "type": "probe", "provider": call("threading", "main_thread")})
    run = line.passes(experiment)
    for path in (run.directory / "journal.json", line.folder / "journal.json"):
        journal = json.loads(path.read_text(encoding="utf-8"))
        assert "MainThread" in journal["run"][2]["output"]


def test_a_service_that_does_not_exist_is_refused_before_anything_is_touched(line: Bench) -> None:
    experiment = smallest()
    experiment["method"][0]["provider"]["arguments"]["service"] = "prodct"
    run = line.run(experiment)
    assert run.code != 0
    assert "prodct" in run.output
    assert "product" in run.output
    assert run.directory is None
