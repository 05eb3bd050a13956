"""The main job on both targets: an honest crash passes, and the engine says the same as the evidence."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, Run, undisturbed
from killing import EXPERIMENTS, PRODUCT, TARGETS, assert_pass, inspected, lines


@pytest.fixture
def up(request: pytest.FixtureRequest) -> Bench:
    """Our stack, up on the target that the test names."""
    bench: Bench = request.getfixturevalue(request.param)
    return bench


@dataclass(frozen=True)
class Crashed:
    """kill-product.yaml on Docker, and the container as the engine showed it before and after."""

    before: dict[str, Any]
    run: Run
    after: dict[str, Any]


@pytest.fixture(scope="module")
def crashed(docker: Bench) -> Crashed:
    def once() -> Crashed:
        before = inspected(docker)
        run = docker.chaos("run", str(EXPERIMENTS / "kill-product.yaml"))
        return Crashed(before, run, inspected(docker))

    return undisturbed(once, lambda crashed: crashed.run)


@pytest.mark.docker
def test_kill_product_passes_on_docker(crashed: Crashed) -> None:
    assert_pass(crashed.run)


@pytest.mark.docker
def test_the_engine_says_the_same_as_the_evidence(crashed: Crashed) -> None:
    before, after, run = crashed.before, crashed.after, crashed.run
    assert after["Id"] == before["Id"]
    assert after["RestartCount"] == before["RestartCount"] + 1
    assert after["State"]["StartedAt"] > before["State"]["StartedAt"]
    (fault,) = {line["instance"] for line in run.lines("faults.jsonl")}
    assert fault == after["Id"]
    events = [event for event in run.lines("events.jsonl") if event["service"] == PRODUCT]
    assert [event["kind"] for event in events][:2] == ["die", "start"]
    assert events[0]["exit_code"] == 137
    assert {event["instance"] for event in events} == {after["Id"]}
    snapshots = [line for line in run.lines("instances.jsonl") if line["service"] == PRODUCT]
    assert [line["restart_count"] for line in (snapshots[0], snapshots[-1])] == [
        before["RestartCount"],
        after["RestartCount"],
    ]
    assert [line["started_ns"] for line in (snapshots[0], snapshots[-1])] == [
        rfc3339_ns(before["State"]["StartedAt"]),
        rfc3339_ns(after["State"]["StartedAt"]),
    ]


@pytest.mark.docker
def test_the_receipt_in_the_report_says_the_same_as_the_engine(crashed: Crashed) -> None:
    before, after = crashed.before, crashed.after
    assert crashed.run.directory
    report = (crashed.run.directory / "report.html").read_text(encoding="utf-8")
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", report))
    assert facts["restart count"] == f"{before['RestartCount']} → {after['RestartCount']}"
    assert facts["instance"] == after["Id"][:12]
    assert facts["exit code"] == "137"
    assert facts["started at, after"] == f"{after['State']['StartedAt'][11:23]} UTC"
    assert facts["started at, before"] == f"{before['State']['StartedAt'][11:23]} UTC"
    told = {label: str(value) for label, value in crashed.run.verdict["receipts"][0]["facts"]}
    assert {label: facts[label] for label in told} == told


def rfc3339_ns(text: str) -> int:
    """The engine's time, exact; it leaves zeros at the end out."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(subprocess.run(["date", "-ud", f"{whole}Z", "+%s"], capture_output=True, check=True).stdout)
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


@pytest.mark.embedded
def test_kill_product_passes_as_yml_on_the_embedded_target(killed: Run) -> None:
    assert_pass(killed)


@pytest.mark.embedded
def test_a_grafana_that_stehauf_grafana_names_and_is_away_costs_a_warning(killed: Run) -> None:
    assert "Grafana at http://127.0.0.1:9 was not told that the experiment begins" in killed.output
    assert killed.code == 0


@pytest.mark.parametrize("up", TARGETS, indirect=True)
def test_kill_order_passes(up: Bench) -> None:
    run = undisturbed(lambda: up.chaos("run", str(EXPERIMENTS / "kill-order.json")), lambda run: run)
    assert_pass(run)
    states = {order["state"] for path in (run.directory or Path()).glob("samples/orders-*") for order in lines(path)}
    assert "accepted" in states
