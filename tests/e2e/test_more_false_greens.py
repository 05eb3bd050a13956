"""More ways in which a run could pass without proof, or leave something behind."""

import copy
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from harness import Bench, below

from experiments import action, probe, smallest
from experiments import python as call

pytestmark = pytest.mark.embedded


def test_a_tolerance_that_runs_code_is_not_taken_from_the_hypothesis(
    embedded: Bench, python: Path, tmp_path: Path
) -> None:
    """The same probe in hypothesis and method, unmet in the method alone."""
    flag = tmp_path / "flag"
    flag.write_text("#!/bin/sh\n")
    flag.chmod(0o755)
    tolerance = {"type": "probe", "name": "is text", "provider": call("jinja2.tests", "test_string", value="")}
    asks = probe("asks", tolerance, call("shutil", "which", cmd=str(flag)))
    experiment = smallest()
    experiment["steady-state-hypothesis"]["probes"].append(copy.deepcopy(asks))

    def chmod(mode: str) -> dict[str, Any]:
        return probe("chmod", 0, {"type": "process", "path": "chmod", "arguments": f"{mode} {flag}"})

    experiment["method"] += [chmod("-x"), copy.deepcopy(asks), chmod("+x")]
    run = embedded.with_python(python).run(experiment)
    assert run.code != 0, run.said


def test_a_fault_in_the_rollbacks_alone(embedded: Bench, python: Path) -> None:
    experiment = smallest()
    experiment["rollbacks"].insert(0, experiment["method"][0])
    experiment["method"] = [probe("looks", 0, {"type": "process", "path": "true"})]
    experiment["rollbacks"].append(action("waits", {"type": "process", "path": "sleep", "arguments": "3"}))
    run = embedded.with_python(python).run(experiment)
    assert run.code != 0, run.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_run_is_wound_up(embedded: Bench, python: Path, number: signal.Signals) -> None:
    bench = embedded.with_python(python)
    with bench.started("run", str(bench.write(smallest()))) as process:
        assert process.stdout
        for line in process.stdout:
            if "Experiment ended with" in line:
                time.sleep(0.1)  # the winding up has begun: what it does with a signal, not whether it comes in time
                process.send_signal(number)
                break
        process.communicate(timeout=60)
    assert process.returncode != 0


def test_a_canary_that_was_frozen_over_the_outage(embedded: Bench, python: Path) -> None:
    bench = embedded.with_python(python)
    experiment = smallest()
    url = "${product}/products"
    experiment["configuration"]["product"] = {"type": "env", "key": "STEHAUF_PRODUCT"}
    experiment["controls"][0]["provider"]["arguments"] = {"canaries": [{"name": "shop", "url": url}]}
    look = {"type": "process", "path": "true"}
    experiment["method"].insert(0, probe("w", 0, look, pauses={"after": 2}))
    experiment["method"].append(probe("x", 0, look, pauses={"before": 6}))
    experiment["method"].append(probe("none failed", 0, call("probes.figures", "failed_requests")))
    with bench.started("run", str(bench.write(experiment))) as process:
        frozen: list[psutil.Process] = []
        said = []
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            if "Probe: w" in line:
                frozen = below(process.pid, "canary.py")
                for one in frozen:
                    one.suspend()
            if "Target: product is healthy" in line:
                for one in frozen:
                    one.resume()
        process.wait()
    assert bench.result(process.returncode, "".join(said)).code != 0


def test_the_control_declared_twice_leaves_nothing(bench: Bench) -> None:
    experiment = smallest()
    experiment["controls"].append(copy.deepcopy(experiment["controls"][0]))
    run = bench.run(experiment)
    assert run.code != 0
    assert "declared more than once" in run.output
    assert "not up" in bench.chaos("stack", "status").output


def test_a_terminal_that_is_closed_is_an_interruption(embedded: Bench, python: Path) -> None:
    bench = embedded.with_python(python)
    experiment = smallest()
    experiment["method"].append(probe("waits", 0, {"type": "process", "path": "sleep", "arguments": "5"}))
    with bench.started("run", str(bench.write(experiment))) as process:
        assert process.stdout
        for line in process.stdout:
            if "Probe: waits" in line:
                process.send_signal(signal.SIGHUP)
                break
        rest, _ = process.communicate(timeout=90)
    assert "Verdict: INCONCLUSIVE" in rest
    assert list((bench.folder / "state").rglob("ledger/*/*.json")) == []
