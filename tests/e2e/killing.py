"""What the tests of the main job share: the real experiment with less patience, and the engine's own word."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, Bench, Run

from experiments import impatient

EXPERIMENTS = ROOT / "experiments"
PRODUCT = "product"
TARGETS = [pytest.param("docker", marks=pytest.mark.docker), pytest.param("embedded", marks=pytest.mark.embedded)]


def shortened() -> dict[str, Any]:
    """kill-product.yaml with all its claims, and less patience."""
    experiment: dict[str, Any] = yaml.safe_load((EXPERIMENTS / "kill-product.yaml").read_text(encoding="utf-8"))
    for activity in experiment["method"]:
        activity.pop("pauses", None)
    experiment["method"][0]["pauses"] = {"before": 2}
    return impatient(experiment, timeout=6)


def engine(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def containers(project: str) -> list[str]:
    listed = engine("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={project}")
    return sorted(listed.splitlines())


def left(project: str) -> list[str]:
    """Everything on the engine that carries the project's label."""
    by = ("--quiet", "--filter", f"label=com.docker.compose.project={project}")
    return [*containers(project), *engine("network", "ls", *by).split(), *engine("volume", "ls", *by).split()]


def inspected(bench: Bench, service: str = PRODUCT) -> dict[str, Any]:
    """What the engine says of the service's container."""
    found: dict[str, Any] = json.loads(engine("inspect", f"{bench.project}-{service}-1"))[0]
    return found


def reasons(run: Run, verdict: str) -> str:
    assert run.code != 0, run.output
    assert run.verdict["verdict"] == verdict, run.said
    return "\n".join(reason["sentence"] for reason in run.verdict["reasons"])


def assert_pass(run: Run) -> None:
    assert run.code == 0, run.output
    assert run.verdict["verdict"] == "PASS", run.said
    assert [receipt["proved"] for receipt in run.verdict["receipts"]] == [True]


def lines(path: Path) -> list[dict[str, Any]]:
    """Every line of a file of JSON lines but one that was torn at its end; raises where another does not parse."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
