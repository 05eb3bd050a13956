"""Experiments side by side: only where there is room, each on a stack of its own, and none of them lost."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gate_kit import Gate

from probes.errors import ConfigurationError
from probes.gate.beside import Beside, Running
from probes.gate.room import place, room
from probes.settings import Settings

ROOT = Path(__file__).parents[2]
Given = Callable[[str], Path]
COUNTS = {"method": [{"tolerance": 0, "provider": {"func": "lost_orders"}}]}
TIMED = {"method": [{"tolerance": 0, "provider": {"func": "recovery_seconds"}}]}
OBSERVED = {"method": [{"provider": {"func": "recovery_seconds"}}]}


@pytest.mark.parametrize(
    ("contents", "idle", "fits"),
    [
        ([TIMED, TIMED, COUNTS], 8.0, 3),
        ([TIMED, TIMED, TIMED], 5.9, 2),
        ([TIMED, COUNTS, COUNTS], 1.0, 1),
        ([COUNTS, COUNTS, COUNTS], 0.0, 3),
        ([OBSERVED, COUNTS, COUNTS], 0.0, 3),
        ([TIMED], 0.0, 1),
    ],
)
def test_claims_about_time_get_processors_of_their_own(contents: list[Any], idle: float, fits: int) -> None:
    number, why = room(3, {f"e{index}": content for index, content in enumerate(contents)}, idle)
    assert number == fits
    assert bool(why) == (number < min(3, len(contents)))
    if why:
        assert "e0" in why


def test_a_further_place_has_a_project_ports_and_addresses_of_its_own() -> None:
    settings = Settings.from_environment(
        {"STEHAUF_TARGET": "docker", "PRODUCT_PORT": "9081", "MINE": "http://a:9081/x"}
    )
    content = {
        "configuration": {
            "shop": {"type": "env", "key": "STEHAUF_SHOP", "default": "http://127.0.0.1:8080"},
            "mine": {"type": "env", "key": "MINE", "default": "http://127.0.0.1:1"},
            "other": {"type": "env", "key": "OTHER", "default": "http://127.0.0.1:5000/x"},
        }
    }
    told = place(settings, 2, [content]).environment
    assert told["STEHAUF_PROJECT"] == "stehauf-2"
    assert told["STEHAUF_SHOP"] == f"http://127.0.0.1:{told['STOREFRONT_PORT']}"
    assert told["MINE"] == f"http://a:{told['PRODUCT_PORT']}/x"
    assert told["OTHER"] == "http://127.0.0.1:5000/x"
    ports = [told[name] for name in told if name.endswith("_PORT")]
    assert len(ports) == len(set(ports)) > 6
    assert not set(ports) & {"8080", "9081", "4222", "4318"}
    assert Settings.from_environment(told).is_own_stack


def test_a_project_that_is_not_ours_is_not_brought_up_twice() -> None:
    with pytest.raises(ConfigurationError, match="notes is another"):
        place(Settings.from_environment({"STEHAUF_PROJECT": "notes"}), 2, [])


def test_two_run_at_once_on_two_stacks_and_each_is_its_own_test(gate: Gate, evidence: Given) -> None:
    gate.experiment("a", (0, "", evidence("PASS")))
    gate.experiment("b", (1, "", evidence("FAIL")))
    arguments = ("experiments", "--target", "embedded", "--stacks", "2")
    gated = gate(*arguments, environment={"GATE_TOGETHER": "2"})
    assert gated.code == 1, gated.output
    assert [row["verdict"] for row in gated.verdicts["experiments"]] == ["PASS", "FAIL"]
    assert gated.verdicts["stacks"] == 2
    told = [json.loads((gated.folder / f"{name}.env").read_text(encoding="utf-8")) for name in ("a", "b")]
    assert len({one.get("STEHAUF_PROJECT", "") for one in told}) == 2
    assert len({one["STEHAUF_RUNS"] for one in told}) == 1


def test_every_stack_is_up_before_the_first_experiment_begins(gate: Gate, evidence: Given) -> None:
    """One that comes up beside an experiment takes the processors from under it."""
    for name in ("a", "b"):
        gate.experiment(name, (0, "", evidence("PASS")))
    gated = gate("experiments", "--target", "embedded", "--stacks", "2", "-s")
    said = gated.output[: gated.output.index("an experiment begins")]
    assert said.count("a stack comes up") >= 2, gated.output


@pytest.mark.parametrize("number", ["0", "x"])
def test_nonsense_is_one_sentence(gate: Gate, evidence: Given, number: str) -> None:
    gate.experiment("a", (0, "", evidence("PASS")))
    gated = gate("experiments", "--target", "embedded", "--stacks", number)
    assert gated.code == 4
    assert "--stacks" in gated.output
    assert "Traceback" not in gated.output


def test_ctrl_c_reaches_all_that_run_and_nothing_more_begins() -> None:
    """As pytest does it: the interrupt comes to the thread that waits."""
    running, began, ended = Running(), threading.Event(), []

    def job(name: str, _where: int) -> str:
        began.set()
        assert running.interrupted.wait(20)
        ended.append(name)
        return name

    beside: Beside[int, str] = Beside([1, 2], running)
    beside.begin(["a", "b", "c"], job)
    assert began.wait(20)
    threading.Timer(0.1, os.kill, (os.getpid(), 2)).start()
    with pytest.raises(KeyboardInterrupt):
        beside.result("a")
    assert "c" not in ended
    assert beside.result("c") is None
