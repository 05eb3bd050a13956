"""Who brings a stack up gives a disk of its own to what the experiments will fill, and to nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.errors import FaultNotPossible, TargetError
from probes.faults.possible import confine, refuse_impossible
from probes.gate.stack import SuiteStack
from probes.settings import Settings
from probes.targets.memory import MemoryTarget

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
FULL = {"type": "action", "provider": {"type": "python", "module": "probes.actions", "func": "disk_full"}}


class Confined:
    """A target that notes what it is asked for; `fails` while anything is confined."""

    def __init__(self, fails: TargetError | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.ups = 0
        self.fails = fails

    def confine(self, services: tuple[str, ...]) -> None:
        self.asked.append(services)

    def up(self, _progress: Callable[[str], None]) -> None:
        if self.fails and self.asked[-1]:
            raise self.fails
        self.ups += 1


def filling(service: Any) -> dict[str, Any]:
    return {"method": [{**FULL, "provider": {**FULL["provider"], "arguments": {"service": service}}}]}


def test_the_services_of_all_experiments_each_once() -> None:
    target = Confined()
    confine(target, [filling("b"), filling("a"), filling("b"), {"method": []}])
    assert target.asked == [("a", "b")]


def test_our_own_experiment_asks_for_the_brokers() -> None:
    target = Confined()
    confine(target, [yaml.safe_load((EXPERIMENTS / "broker-disk-full.yaml").read_text(encoding="utf-8"))])
    assert target.asked == [("broker",)]


@pytest.mark.parametrize("method", [None, {}, "x", [None], [{"provider": 1}], [FULL], filling(3)["method"]])
def test_what_is_no_experiment_asks_for_nothing(method: Any) -> None:
    target = Confined()
    confine(target, [{"method": method}])
    assert target.asked == [()]


def test_a_target_without_volumes_is_not_asked_and_refuses_the_fault() -> None:
    target = MemoryTarget(lambda: 0)
    confine(target, [filling("echo")])
    with pytest.raises(FaultNotPossible, match=r"disk_full.*A target that can: docker"):
        refuse_impossible(filling("echo"), target)


def test_where_no_disk_can_be_made_a_suite_goes_on_without() -> None:
    target, said = Confined(FaultNotPossible("no loop devices")), []
    stack = SuiteStack(Settings.from_environment(), [filling("broker")])
    stack._bring_up(target, said.append)  # type: ignore[arg-type]
    assert (target.ups, target.asked, said) == (1, [("broker",), ()], ["no loop devices"])


def test_any_other_failure_is_the_suites() -> None:
    target = Confined(TargetError("a port is taken"))
    with pytest.raises(TargetError, match="port"):
        SuiteStack(Settings.from_environment(), [filling("broker")])._bring_up(target, print)  # type: ignore[arg-type]
