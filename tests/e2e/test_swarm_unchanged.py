"""The experiments of one machine, as they are, on a swarm that runs one copy of product."""

from collections.abc import Iterator

import pytest
from harness import ROOT, Bench, eventually, undisturbed
from killing import assert_pass, reasons

from probes.targets.swarm import SwarmTarget

EXPERIMENTS = ROOT / "experiments"
pytestmark = pytest.mark.docker
REFUSED = {"broker-disk-full": "disk_full", "stall-product": "stall"}
"""What a swarm cannot do, by the name of the fault."""
GUIDED = {"demo"}
"""The demonstration's own, which waits for its scenes."""


def names() -> list[str]:
    files = [*EXPERIMENTS.glob("*.yaml"), *EXPERIMENTS.glob("*.json")]
    return sorted(path.name for path in files if path.stem not in {*REFUSED, *GUIDED})


@pytest.fixture(scope="module")
def one_copy(swarm: Bench) -> Iterator[Bench]:
    """The stack with one copy of product, where this machine reaches its port; as it was afterwards."""
    one = {"PRODUCT_REPLICAS": "1", "PRODUCT_PLACEMENT": "node.role == manager"}
    target = SwarmTarget(swarm.project, environment=swarm.environment)

    def runs(count: int) -> bool:
        there = target.instances("product")
        return len(there) == count and all(each.health == "healthy" for each in there)

    swarm.environment |= one
    try:
        assert swarm.chaos("stack", "up").code == 0
        assert eventually(lambda: runs(1) and target.instances("product")[0].node == "node1", within=90)
        yield swarm
    finally:
        for key in one:
            del swarm.environment[key]
        assert swarm.chaos("stack", "up").code == 0
        assert eventually(lambda: runs(2), within=90)


@pytest.mark.parametrize("name", names())
def test_an_experiment_of_one_machine_passes_unchanged(name: str, one_copy: Bench) -> None:
    run = undisturbed(lambda: one_copy.chaos("run", str(EXPERIMENTS / name), timeout=300), lambda run: run)
    assert_pass(run)
    assert one_copy.chaos("heal", "--check").code == 0


@pytest.mark.parametrize(("name", "fault"), REFUSED.items())
def test_what_a_swarm_cannot_do_is_refused_before_anything_is_broken(name: str, fault: str, one_copy: Bench) -> None:
    run = one_copy.chaos("run", str(EXPERIMENTS / f"{name}.yaml"))
    assert f"The target swarm cannot do the fault '{fault}', and nothing was done" in reasons(run, "INCONCLUSIVE")
    assert run.directory
    assert not (run.directory / "faults.jsonl").exists(), "nothing was even asked for"
