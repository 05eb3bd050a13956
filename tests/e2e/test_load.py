"""Load in whole runs: several processes make one load, and a generator that is the limit is no verdict on the shop."""

from pathlib import Path

import pytest
from harness import Bench, is_busy

from experiments import probe, python, smallest
from reports.evidence.reader import Evidence

SLOW = Path(__file__).with_name("slow_users.py")


@pytest.mark.embedded
@pytest.mark.parametrize("limit", [0.1, 1_000_000], ids=["a claim that is unmet", "claims that are met"])
def test_a_generator_that_is_the_limit_gives_neither_fail_nor_pass(embedded: Bench, limit: float) -> None:
    """It is asked for 40 requests a second and can make 20, so it measures itself: over any limit, and under any."""
    experiment = smallest()
    observed = experiment["controls"][0]["provider"]["arguments"]
    observed["load"] = {"host": "${shop}", "file": str(SLOW), "rate": 40}
    claim = python("probes.figures", "latency_p95_ms", source="load")
    experiment["method"].append(probe("p95", {"type": "range", "range": [0, limit]}, claim))
    run = embedded.run(experiment)
    assert run.code != 0
    assert run.verdict["verdict"] == "INCONCLUSIVE", run.said
    assert "the load generator was the limit, not the system" in run.said
    assert "Traceback" not in run.output


@pytest.mark.embedded
def test_processes_share_one_schedule_in_one_run(embedded: Bench) -> None:
    experiment = smallest()
    shape = {"name": "spike", "rate": 40, "peak": 80, "after": 3, "seconds": 1}
    observed = experiment["controls"][0]["provider"]["arguments"]
    observed["load"] = {"host": "${shop}", "shape": shape, "processes": 2}
    run = embedded.run(experiment)
    assert run.directory, run.output
    assert "the load was to run in" not in run.said
    assert "was cut off" not in run.said
    load = Evidence(run.directory).sources["load"]
    assert len(load.files) == 2
    assert load.rate == 40
    assert run.verdict["verdict"] == "PASS" or is_busy(run.said)
