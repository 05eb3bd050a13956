"""A crash loop against real services: it keeps one away for about ten seconds, and each crash is proved."""

from itertools import pairwise
from typing import Any

import pytest
from harness import Bench

from experiments import action, probe, smallest
from experiments import python as call


def looping() -> dict[str, Any]:
    """One crash, and then a loop: two faults to recover from in one run."""
    experiment = smallest()
    method = experiment["method"]
    method.append(action("loop", call("probes.actions", "crash_loop", service="product"), pauses={"before": 2}))
    recovery = call("probes.figures", "recovery_seconds", service="product", timeout=60)
    method.append(probe("back after the loop", {"type": "range", "range": [5, 60]}, recovery))
    return experiment


@pytest.mark.parametrize(
    "target", [pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("docker", marks=pytest.mark.docker)]
)
def test_every_crash_is_proved_and_recovery_counts_from_the_first(target: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(target)
    run = bench.run(looping())
    assert run.code == 0, run.output
    assert run.verdict["verdict"] == "PASS", run.said
    loop = [line for line in run.lines("faults.jsonl") if line.get("loop") and line["phase"] == "asked"]
    assert len(loop) >= 4, "a machine that is slow makes fewer, never this few"
    assert all(later["at_ns"] > earlier["at_ns"] for earlier, later in pairwise(loop))
    assert loop[-1]["at_ns"] - loop[0]["at_ns"] < 11e9
    receipts = [one for one in run.verdict["receipts"] if one["fault"]["loop"]]
    assert len(receipts) == len(loop)
    assert all(one["proved"] for one in receipts)
    (claim,) = [one for one in run.verdict["claims"] if one["name"] == "back after the loop"]
    assert claim["value"] > (loop[-1]["at_ns"] - loop[0]["at_ns"]) / 1e9
