"""experiments/crash-loop-product.yaml on Docker: the engine itself keeps the service away, and each crash is proved.

The embedded target's loop, where nothing but the crashes keeps it away, is part of the demonstration (test_demo.py).
"""

from itertools import pairwise

import pytest
from harness import Bench, undisturbed
from killing import EXPERIMENTS


@pytest.mark.docker
def test_every_crash_is_proved_and_the_pause_of_the_engine_grows(docker: Bench) -> None:
    run = undisturbed(lambda: docker.chaos("run", str(EXPERIMENTS / "crash-loop-product.yaml")), lambda run: run)
    assert run.code == 0, run.output
    assert run.verdict["verdict"] == "PASS", run.said
    loop = [line for line in run.lines("faults.jsonl") if line.get("loop") and line["phase"] == "asked"]
    receipts = [one for one in run.verdict["receipts"] if one["fault"]["loop"]]
    assert len(receipts) == len(loop) >= 3, "a machine that is slow makes fewer"
    assert all(one["proved"] for one in receipts)
    events = [one for one in run.lines("events.jsonl") if one["service"] == "product" and one["kind"] != "health"]
    away = [(b["at_ns"] - a["at_ns"]) / 1e9 for a, b in pairwise(events) if (a["kind"], b["kind"]) == ("die", "start")]
    assert len(away) == len(loop), "no death that is not the loop's"
    assert away[-1] > 2 * away[0], "the engine's own backoff, not we, kept it away"
    (claim,) = [one for one in run.verdict["claims"] if one["name"].startswith("seconds from the first crash")]
    assert claim["value"] > (loop[-1]["at_ns"] - loop[0]["at_ns"]) / 1e9, "recovery counts from the first crash"
