"""How many instances a fault hits, and which: never more than asked for, and the same again by the same seed."""

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from probes.errors import ConfigurationError, FaultNotPossible, TargetDegraded
from probes.faults.kinds import require
from probes.faults.lasting import check_bound
from probes.faults.network import Cuttable
from probes.faults.possible import refuse_impossible
from probes.faults.selection import select
from probes.targets.api import Instance
from probes.targets.memory import MemoryTarget


@dataclass
class Many:
    """A service with several instances."""

    count: int
    name: str = "many"

    def services(self) -> tuple[str, ...]:
        return ("web",)

    def instances(self, service: str) -> tuple[Instance, ...]:
        return tuple(Instance(service, f"web-{n}", "running", "none", 0, n, n, None) for n in range(self.count))

    def describe(self) -> Any:
        raise NotImplementedError


def ids(target: Many, **how: Any) -> list[str]:
    return [one.id for one in select(target, "web", **how).instances]


def test_the_first_is_the_oldest_and_all_is_every_one() -> None:
    assert ids(Many(3)) == ["web-0"]
    assert ids(Many(3), count=2) == ["web-0", "web-1"]
    assert ids(Many(3), choose="all") == ["web-0", "web-1", "web-2"]


def test_a_random_choice_is_repeated_by_its_recorded_seed() -> None:
    for _ in range(20):
        made = select(Many(9), "web", count=3, choose="random")
        assert made.seed is not None
        assert len(set(made.instances)) == 3
        assert select(Many(9), "web", count=3, choose="random", seed=made.seed) == made
        assert made.told() == {"choose": "random", "count": 3, "seed": made.seed, "of": [f"web-{n}" for n in range(9)]}


def test_seeds_choose_differently() -> None:
    chosen = {tuple(ids(Many(9), count=2, choose="random", seed=seed)) for seed in range(40)}
    assert len(chosen) > 10


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"count": 4}, "4 instances of web were asked for, and there are 3"),
        ({"count": 0}, "count reads 0"),
        ({"count": True}, "count reads True"),
        ({"count": "two"}, "count reads 'two'"),
        ({"choose": "some"}, "choose reads 'some'"),
        ({"seed": 7}, "only a random choice has a seed"),
        ({"choose": "random", "seed": "x"}, "seed reads 'x'"),
        ({"choose": "all", "count": 2}, "leave one of them away"),
    ],
)
def test_an_impossible_choice_is_refused(how: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        select(Many(3), "web", **how)


def test_a_service_without_an_instance_has_nothing_to_break() -> None:
    with pytest.raises(TargetDegraded):
        select(Many(0), "web")


@pytest.mark.parametrize("bound", [0, -1, 3601, True, "soon", None, float("nan"), float("inf")])
def test_an_impossible_bound_is_refused(bound: Any) -> None:
    with pytest.raises(ConfigurationError, match="for_seconds reads"):
        check_bound("hang", bound)


def test_what_a_target_cannot_do_is_refused_by_name() -> None:
    target = MemoryTarget(itertools.count(1).__next__)
    with pytest.raises(FaultNotPossible, match=r"memory cannot do the fault 'partition'.*A target that can: docker "):
        require(target, Cuttable, "partition")
    method = [
        {"type": "action", "provider": {"module": "probes.actions", "func": func}} for func in ("crash", "latency")
    ]
    with pytest.raises(FaultNotPossible, match="latency"):
        refuse_impossible({"method": method}, target)
