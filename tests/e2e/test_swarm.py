"""Three nodes, for real: replicas that nobody misses, a machine without power, and what must not count as such."""

import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, Bench, Run, undisturbed
from killing import assert_pass, reasons
from swarm_kit import manager
from swarm_spoils import SPOILS, judged

EXPERIMENTS = ROOT / "experiments" / "swarm"
pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def ran(swarm: Bench) -> Callable[[str], Run]:
    """The run of an experiment, once for all tests."""

    @functools.cache
    def once(name: str) -> Run:
        return undisturbed(lambda: swarm.chaos("run", str(EXPERIMENTS / f"{name}.yaml"), timeout=300), lambda run: run)

    return once


def experiment(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXPERIMENTS / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def tasks(run: Run) -> tuple[str, str]:
    """The task of the broken slot as inspected before and at the end."""
    slot = run.lines("faults.jsonl")[0]["instance"]
    shots = [line for line in run.lines("instances.jsonl") if line["id"] == slot]
    return shots[0]["task"], shots[-1]["task"]


def test_a_crash_of_one_of_two_copies_is_seen_by_no_user(swarm: Bench, ran: Callable[[str], Run]) -> None:
    run = ran("crash-one-of-two")
    assert_pass(run)
    before, after = tasks(run)
    assert before != after
    said = manager(
        swarm, "inspect", "--type", "task", "--format", "{{.Status.State}} {{.Status.ContainerStatus.ExitCode}}", before
    )
    assert said == "failed 137", "the manager itself says the same"


@pytest.mark.parametrize("name", ["hang-one-of-two", "node-dies", "node-cut-off", "node-drained", "bad-update"])
def test_what_only_several_machines_can_have_is_seen_by_no_user(
    name: str, swarm: Bench, ran: Callable[[str], Run]
) -> None:
    assert_pass(ran(name))
    assert manager(swarm, "node", "ls", "--format", "{{.Status}} {{.Availability}}").split("\n") == ["Ready Active"] * 3


@pytest.mark.parametrize("name", SPOILS)
def test_what_a_real_run_left_proves_nothing_without_each_part(
    name: str, ran: Callable[[str], Run], tmp_path: Path
) -> None:
    of, spoil, verdict, why = SPOILS[name]
    assert judged(ran(of), tmp_path / "whole").verdict == "PASS"
    found = judged(ran(of), tmp_path / "spoiled", spoil)
    assert found.verdict == verdict
    assert why in " | ".join(reason.sentence for reason in found.reasons)


def test_a_copy_that_has_no_second_one_is_missed(swarm: Bench) -> None:
    product = f"{swarm.project}_product"
    manager(swarm, "service", "scale", f"{product}=1")
    try:
        run = swarm.chaos("run", str(EXPERIMENTS / "crash-one-of-two.yaml"))
    finally:
        manager(swarm, "service", "scale", f"{product}=2")
    assert "“degraded answers to shoppers”" in reasons(run, "FAIL")


def test_an_update_that_nothing_rolls_back_is_noticed_and_rolled_back_by_the_undo(swarm: Bench) -> None:
    product = f"{swarm.project}_product"
    changed = experiment("bad-update")
    changed["method"][1]["provider"]["arguments"]["within"] = 10
    manager(swarm, "service", "update", "--quiet", "--detach", "--update-failure-action", "pause", product)
    try:
        run = swarm.run(changed)
    finally:
        manager(swarm, "service", "update", "--quiet", "--detach", "--update-failure-action", "rollback", product)
    assert "“the update was rolled back by itself”: observed paused" in reasons(run, "FAIL")
    assert [receipt["proved"] for receipt in run.verdict["receipts"]] == [True]
    assert "services.product" in manager(swarm, "service", "inspect", "--format", "{{json .Spec}}", product)


def by_hand(bench: Bench, command: Callable[[str], list[str]]) -> dict[str, Any]:
    """crash-one-of-two.yaml with an operator's command on one of the copies, once both run again after the crash."""
    changed = experiment("crash-one-of-two")
    line = " ".join(shlex.quote(part) for part in command(f"{bench.project}_product"))
    hand = {
        "name": "an operator's hand", "type": "probe",
        "tolerance": {"type": "regex", "pattern": ".*", "target": "stdout"},
        "provider": {"type": "process", "path": "sh", "arguments": ["-c", line], "timeout": 60},
    }  # fmt: skip
    changed["method"].insert(3, hand)
    return changed


def test_a_docker_kill_of_a_task_is_no_crash(swarm: Bench) -> None:
    """The swarm replaces it all the same, and nobody sees it; it is no PASS."""
    hosts = " ".join(part.partition("=")[2] for part in swarm.environment["STEHAUF_SWARM_NODES"].split(","))
    listed = f"docker -H $host ps -q --filter label=com.docker.swarm.service.name={swarm.project}_product"
    script = (
        f'for host in {hosts}; do id=$({listed} | head -1); [ -n "$id" ] && docker -H $host kill $id && break; done'
    )
    run = swarm.run(by_hand(swarm, lambda _: ["sh", "-c", script]))
    assert_noticed(run, "somebody else sent a signal to product")


def test_a_service_update_is_no_crash(swarm: Bench) -> None:
    run = swarm.run(by_hand(swarm, lambda service: ["docker", "service", "update", "--quiet", "--force", service]))
    assert_noticed(run, "somebody else stopped product")


def assert_noticed(run: Run, sentence: str) -> None:
    """INCONCLUSIVE, or FAIL where the machine was so busy that users saw it: no PASS, and for this reason as well."""
    assert run.code != 0, run.output
    assert run.verdict["verdict"] != "PASS"
    assert sentence in run.said


def test_nodes_that_are_not_named_are_refused_before_anything_is_touched(swarm: Bench) -> None:
    one = swarm.environment["STEHAUF_SWARM_NODES"].split(",")[0]
    run = swarm.chaos("run", str(EXPERIMENTS / "crash-one-of-two.yaml"), STEHAUF_SWARM_NODES=one)
    assert run.code != 0
    assert "does not name node2, node3" in run.output
    wrong = (
        swarm.environment["STEHAUF_SWARM_NODES"]
        .replace("node2=", "x=")
        .replace("node3=", "node2=")
        .replace("x=", "node3=")
    )
    run = swarm.chaos("stack", "status", STEHAUF_SWARM_NODES=wrong)
    assert run.code != 0
    assert "nothing was done" in run.output
