"""What only looks like an honest crash does not pass, and what ends a run in the middle leaves no harm."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, Run, eventually, leftovers, read_until
from killing import PRODUCT, TARGETS, containers, engine, inspected, left, lines, reasons, shortened

from experiments import action, impatient, smallest

WAITS = action("waits", {"type": "process", "path": "sleep", "arguments": "60"})

NO_EVIDENCE = {"breaker_opened", "calls_while_open", "trial_calls", "closes_after_success"}
"""What is waited for in vain where there is no breaker."""


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., Bench]:
    """A stack that nobody brought up, with something taken from it by its environment."""
    return lambda target, **environment: Bench(target, tmp_path, environment=environment)


@pytest.mark.docker
def test_a_docker_kill_in_place_of_the_crash_has_no_receipt(docker: Bench) -> None:
    experiment = impatient(smallest(), timeout=1)
    kill = {"type": "process", "path": "docker", "arguments": f"kill {docker.project}-product-1"}
    experiment["method"][0] = action("docker kill", kill)
    run = docker.run(experiment)
    said = reasons(run, "FAIL")  # nothing brought it back, so the hypothesis does not hold any more
    assert "no fault was recorded" in said
    assert "leaves no receipt" in said
    kinds = [event["kind"] for event in run.lines("events.jsonl") if event["service"] == PRODUCT]
    assert kinds[:2] == ["kill", "die"]
    assert inspected(docker)["State"]["Running"]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("signal_name", "why"),
    [
        ("KILL", "before anything was done to it: breaking it now would prove nothing"),
        ("WINCH", "the target reported a kill event with the death: an operator's kill, not a crash"),
    ],
)
def test_a_docker_kill_right_before_the_honest_crash_spoils_the_receipt(
    docker: Bench, signal_name: str, why: str
) -> None:
    """A signal that ends the container leaves nothing to crash; one that it survives leaves doubt about the death."""
    experiment = impatient(smallest(), timeout=15 if signal_name == "WINCH" else 1)
    experiment["method"][0]["pauses"] = {"before": 1}
    with docker.started("run", str(docker.write(experiment))) as process:
        said = read_until(process, "Pausing before next activity")
        subprocess.run(
            ["docker", "kill", "--signal", signal_name, f"{docker.project}-product-1"], check=True, capture_output=True
        )
        rest, _ = process.communicate(timeout=120)
    run = docker.result(process.returncode, said + rest)
    assert run.code != 0
    assert run.verdict["verdict"] != "PASS", run.said
    assert why in run.said, run.said
    assert inspected(docker)["State"]["Running"]


def not_waiting(experiment: dict[str, Any]) -> dict[str, Any]:
    """The experiment, not waiting for what a breaker does that is not there, or has nobody to try."""
    for activity in experiment["method"]:
        if activity["provider"]["func"] in NO_EVIDENCE:
            activity["provider"]["arguments"]["timeout"] = 1
    return experiment


@pytest.mark.parametrize("target", TARGETS)
def test_the_restart_policy_taken_away(without: Callable[..., Bench], target: str) -> None:
    bench = without(target, RESTART_POLICY="no")
    run = bench.run(not_waiting(shortened()))
    said = reasons(run, "FAIL")
    assert "“seconds until product was back by its restart policy” does not hold" in said
    assert "product was not reported to have started again" in said
    kinds = [event["kind"] for event in run.lines("events.jsonl") if event["service"] == PRODUCT]
    assert kinds[0] == "die"
    assert "was stopped after crash" in run.output  # by the rollback, not by its policy


@pytest.mark.embedded
def test_the_breaker_off(without: Callable[..., Bench]) -> None:
    with without("embedded", BREAKER_ENABLED="false").up() as bench:
        experiment = shortened()
        experiment["steady-state-hypothesis"]["probes"][1]["provider"]["arguments"]["within"] = 2
        not_steady = bench.run(experiment)
        said = reasons(not_steady, "INCONCLUSIVE")
        assert "not in its steady state before anything was broken: “the breaker around product is closed”" in said
        assert not (not_steady.directory / "faults.jsonl").exists()
        experiment = shortened()
        del experiment["steady-state-hypothesis"]["probes"][1]
        said = reasons(bench.run(not_waiting(experiment)), "FAIL")
        assert "“times that the breaker around product opened”: observed 0" in said
        passed = re.search(r"“failed calls to product that opened the breaker”: observed (\d+)", said)
        assert passed, said
        assert int(passed[1]) > 3  # what is left is a bare try and except: it counts nothing, and asks every time


@pytest.mark.embedded
def test_the_fallback_off(without: Callable[..., Bench]) -> None:
    run = without("embedded", FALLBACK_ENABLED="false").run(shortened())
    said = reasons(run, "FAIL")
    failed = re.search(r"“failed requests of shoppers”: observed (\d+)", said)
    assert failed, said
    assert int(failed[1]) > 0
    assert "“the fallback showed the last known catalogue”: observed false" in said


def terminated(bench: Bench) -> Run:
    """The smallest experiment, ended by SIGTERM after product crashed."""
    experiment = smallest()
    experiment["method"].insert(1, WAITS)
    experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
    with bench.started("run", str(bench.write(experiment))) as process:
        said = read_until(process, "Action: waits")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=120)
    run = bench.result(process.returncode, said + rest)
    assert "SIGTERM" in reasons(run, "INCONCLUSIVE")
    assert eventually(lambda: leftovers(bench) == [])
    return run


@pytest.mark.docker
def test_after_sigterm_the_same_containers_run_and_are_healthy(docker: Bench) -> None:
    before = containers(docker.project)
    terminated(docker)
    assert containers(docker.project) == before
    states = [json.loads(engine("inspect", one))[0]["State"] for one in before]
    assert [(state["Status"], state["Health"]["Status"]) for state in states] == [("running", "healthy")] * len(before)


@pytest.mark.docker
def test_after_sigterm_nothing_is_left_of_a_stack_that_the_run_brought_up(without: Callable[..., Bench]) -> None:
    bench = without("docker")
    run = terminated(bench)
    assert "Stack: taking down what this run brought up" in run.output
    assert left(bench.project) == []


@pytest.mark.embedded
def test_the_evidence_survives_sigkill_and_is_judged_inconclusive(embedded: Bench) -> None:
    experiment = shortened()
    experiment["method"] = [experiment["method"][0], WAITS]
    before = set(embedded.folder.glob("runs/2*"))
    with embedded.started("run", str(embedded.write(experiment))) as process:
        read_until(process, "product was started")
        process.kill()
        process.wait()
    assert eventually(lambda: leftovers(embedded) == [])
    (directory,) = set(embedded.folder.glob("runs/2*")) - before
    assert {"breakers.jsonl", "events.jsonl", "faults.jsonl", "instances.jsonl"} <= {
        path.name for path in directory.glob("*.jsonl") if lines(path)
    }
    samples = {path.name.rpartition("-")[0]: path.stat().st_size for path in directory.glob("samples/*.samples")}
    assert samples.keys() == {"canary-shop", "canary-product", "load", "calls-1"}
    assert min(samples.values()) > 20 * 20
    judged = subprocess.run(
        [embedded.python, "-m", "reports", directory], capture_output=True, text=True, check=False, timeout=60
    )
    assert judged.returncode == 2
    assert judged.stdout.startswith("INCONCLUSIVE: ")
    assert "journal.json is missing" in judged.stdout
    assert judged.stderr == ""
    assert (directory / "report.html").exists()
