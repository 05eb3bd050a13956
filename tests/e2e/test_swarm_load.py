"""The load comes from several nodes: its evidence is here, and what is lost of it there is no PASS."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, Bench, Run, below, eventually, undisturbed
from killing import assert_pass, reasons
from swarm_kit import manager

EXPERIMENTS = ROOT / "experiments" / "swarm"
NODES = {"STEHAUF_LOAD_NODES": "node2,node3"}
pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def clean(swarm: Bench) -> Iterator[None]:
    """Whatever became of a load, nothing of it is left."""
    yield
    assert eventually(lambda: places(swarm) == [])


def places(bench: Bench) -> list[str]:
    """Services of a load, and its containers on every machine."""
    label = f"label=stehauf.load={bench.project}"
    found = manager(bench, "service", "ls", "--quiet", "--filter", label).split()
    for host in hosts(bench).values():
        found += manager(bench, "--host", host, "ps", "--all", "--quiet", "--filter", label).split()
    return found


def hosts(bench: Bench) -> dict[str, str]:
    """The engine of each node."""
    return dict(part.split("=", 1) for part in bench.environment["STEHAUF_SWARM_NODES"].split(","))


def quick(bench: Bench, **changes: Any) -> Path:
    """crash-one-of-two.yaml with another load."""
    experiment = yaml.safe_load((EXPERIMENTS / "crash-one-of-two.yaml").read_text(encoding="utf-8"))
    experiment["controls"][0]["provider"]["arguments"]["load"] |= changes
    path = bench.folder / "load.yaml"
    path.write_text(yaml.safe_dump(experiment), encoding="utf-8")
    return path


def abouts(run: Run) -> list[dict[str, Any]]:
    assert run.directory
    found = [json.loads(path.read_text()) for path in (run.directory / "samples").glob("load-*.json")]
    return sorted(found, key=lambda about: str(about["node"]))


def test_a_crash_under_load_from_two_nodes_is_seen_by_no_user(swarm: Bench) -> None:
    path = EXPERIMENTS / "crash-one-of-two.yaml"
    run = undisturbed(lambda: swarm.chaos("run", str(path), timeout=300, **NODES), lambda run: run)
    assert_pass(run)
    one, two = abouts(run)
    assert (one["node"], two["node"]) == ("node2", "node3")
    assert sorted([one["share"], two["share"]]) == [[0, 2], [1, 2]]
    assert one["host"] == f"http://storefront:{swarm.environment['STOREFRONT_PORT']}"
    assert min(one["samples"], two["samples"]) > 200
    assert run.directory
    assert "locust" in (run.directory / "locust.html").read_text().lower()
    assert "They came from node2, node3, inside the network" in (run.directory / "report.html").read_text()
    orders = [path for path in (run.directory / "samples").glob("orders-*.jsonl") if path.stat().st_size]
    assert len(orders) == 2, "what the claim on lost orders is about came from both"


def test_a_worker_that_is_lost_is_no_pass(swarm: Bench) -> None:
    """Its container is killed in the middle: what users of that node saw is not known."""
    before = newest(swarm)
    with swarm.started("run", str(EXPERIMENTS / "crash-one-of-two.yaml"), **NODES) as process:
        host = ["--host", hosts(swarm)["node3"]]
        assert eventually(lambda: bool(samples(swarm, before)), within=90)
        [place] = manager(swarm, *host, "ps", "--quiet", "--filter", f"label=stehauf.load={swarm.project}").split()
        manager(swarm, *host, "kill", place)
        output, _ = process.communicate(timeout=120)
    run = swarm.result(process.returncode, output)
    assert run.code != 0
    assert "the load's worker on node3 broke off" in reasons(run, "INCONCLUSIVE")


def newest(bench: Bench) -> Path | None:
    return max((bench.folder / "runs").glob("2*"), default=None)


def samples(bench: Bench, before: Path | None) -> list[Path]:
    """Sample files of the load that have something, of the run that goes on and not of the one before."""
    run = newest(bench)
    found = list((run / "samples").glob("load-*.samples")) if run and run != before else []
    return found if len(found) == 2 and all(path.stat().st_size for path in found) else []


def test_a_machine_that_the_load_comes_from_is_not_broken(swarm: Bench) -> None:
    run = swarm.chaos("run", str(EXPERIMENTS / "node-drained.yaml"), timeout=300, **NODES)
    assert run.code != 0
    assert "stehauf-load" in run.said
    assert manager(swarm, "node", "ls", "--format", "{{.Availability}}").split() == ["Active"] * 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nodes": "node2,node9"}, "names node9; the swarm has node1, node2, node3"),
        (
            {"nodes": "node2", "inside": "http://example.com/"},
            "names the host 'example.com', and no service of the stack",
        ),
    ],
)
def test_a_load_that_cannot_be_is_refused_by_name(changes: dict[str, str], why: str, swarm: Bench) -> None:
    run = swarm.chaos("run", str(quick(swarm, **changes)))
    assert run.code != 0
    assert why in run.said + run.output
    assert run.directory
    assert not (run.directory / "faults.jsonl").exists(), "nothing was broken"


def users(bench: Bench) -> list[bool]:
    """Of each place, whether Locust runs there."""
    label = f"label=stehauf.load={bench.project}"
    return [
        "--worker" in manager(bench, "--host", host, "exec", place, "sh", "-c", "cat /proc/[0-9]*/cmdline")
        for host in hosts(bench).values()
        for place in manager(bench, "--host", host, "ps", "--quiet", "--filter", label).split()
    ]


def test_a_load_that_nobody_looks_after_ends_and_is_removed_by_the_next(swarm: Bench) -> None:
    """SIGKILL of the run and of what leads its load: the users on the nodes are gone within seconds all the same."""
    before = newest(swarm)
    with swarm.started("run", str(EXPERIMENTS / "crash-one-of-two.yaml"), **NODES) as process:
        assert eventually(lambda: bool(samples(swarm, before)), within=90)
        [leading] = below(process.pid, "probes.afar")
        assert users(swarm) == [True, True]
        os.kill(leading.pid, signal.SIGKILL)
        process.kill()
    assert eventually(lambda: users(swarm) == [False, False], within=60)
    found = swarm.chaos("heal", "--check")
    assert found.code == 1
    assert found.output.count("where a load ran on a node of the swarm is not removed") == 2
    again = swarm.chaos("run", str(EXPERIMENTS / "crash-one-of-two.yaml"), timeout=300, **NODES)
    assert again.directory
    assert [about["node"] for about in abouts(again)] == ["node2", "node3"]
    assert swarm.chaos("heal", "--check").code == 0
