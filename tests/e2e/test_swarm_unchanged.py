"""The experiments of one machine, as they are, on a swarm that runs one copy of product."""

from collections.abc import Iterator

import pytest
from harness import ROOT, Bench, undisturbed
from killing import reasons

from probes.targets.swarm import SwarmTarget

EXPERIMENTS = ROOT / "experiments"
pytestmark = pytest.mark.docker
REFUSED = {"broker-disk-full": "disk_full", "stall-product": "stall"}
"""What a swarm cannot do, by the name of the fault."""


def names() -> list[str]:
    files = [*EXPERIMENTS.glob("*.yaml"), *EXPERIMENTS.glob("*.json")]
    return sorted(path.name for path in files if path.stem not in REFUSED)


@pytest.fixture(scope="module")
def one_copy(swarm: Bench) -> Iterator[Bench]:
    """The stack with one copy of product, where this machine reaches its port; as it was afterwards."""
    one = {"PRODUCT_REPLICAS": "1", "PRODUCT_PLACEMENT": "node.role == manager"}
    anew(swarm, one)
    try:
        (product,) = SwarmTarget(swarm.project, environment=swarm.environment).instances("product")
        assert product.node == "node1"
        yield swarm
    finally:
        anew(swarm, dict.fromkeys(one, ""))


def anew(bench: Bench, variables: dict[str, str]) -> None:
    """Down, and up again with these."""
    assert bench.chaos("stack", "down").code == 0
    bench.environment |= variables
    done = bench.chaos("stack", "up", timeout=200)
    assert done.code == 0, done.output


@pytest.mark.parametrize("name", names())
def test_an_experiment_of_one_machine_passes_unchanged(name: str, one_copy: Bench) -> None:
    run = undisturbed(lambda: one_copy.chaos("run", str(EXPERIMENTS / name), timeout=300), lambda run: run)
    assert run.code == 0, run.said
    assert all(receipt["proved"] for receipt in run.verdict["receipts"])
    assert one_copy.chaos("heal", "--check").code == 0


@pytest.mark.parametrize(("name", "fault"), REFUSED.items())
def test_what_a_swarm_cannot_do_is_refused_before_anything_is_broken(name: str, fault: str, one_copy: Bench) -> None:
    run = one_copy.chaos("run", str(EXPERIMENTS / f"{name}.yaml"))
    assert f"The target swarm cannot do the fault '{fault}', and nothing was done" in reasons(run, "INCONCLUSIVE")
    assert run.directory
    assert not (run.directory / "faults.jsonl").exists(), "nothing was even asked for"
