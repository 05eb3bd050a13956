"""No acknowledged order is lost and none fulfilled twice, whatever dies; and each defect is caught by its claim."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import Bench, Run, undisturbed
from killing import EXPERIMENTS, TARGETS, assert_pass, lines, reasons

LOST, TWICE = "acknowledged orders that were lost", "orders that were fulfilled twice"


@pytest.fixture
def up(request: pytest.FixtureRequest) -> Bench:
    """Our stack, up on the target that the test names."""
    bench: Bench = request.getfixturevalue(request.param)
    return bench


@pytest.mark.parametrize("up", TARGETS, indirect=True)
@pytest.mark.parametrize("name", ["kill-broker.yaml", "kill-fulfilment.yaml"])
def test_the_honest_shop_keeps_every_promise(up: Bench, name: str) -> None:
    run = undisturbed(lambda: up.chaos("run", str(EXPERIMENTS / name)), lambda run: run)
    assert_pass(run)
    (fault,) = {line["at_ns"] for line in run.lines("faults.jsonl") if line["phase"] == "asked"}
    assert run.directory
    before = {
        order["id"]
        for path in run.directory.glob("samples/orders-*.jsonl")
        for order in lines(path)
        if order["outcome"] == "acknowledged" and order["at_ns"] < fault
    }
    after = {made["id"] for made in run.lines("fulfilments.jsonl") if made.get("at_ns", 0) > fault}
    assert before & after, "nothing was on its way, so nothing could have been lost"


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., Bench]:
    """A stack that nobody brought up, with a defect built in by its environment."""
    return lambda **environment: Bench("embedded", tmp_path, environment=environment)


def judged(run: Run, name: str) -> dict[str, Any]:
    (claim,) = (claim for claim in run.verdict["claims"] if claim["name"] == name)
    found: dict[str, Any] = claim
    return found


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("defect", "file", "name"),
    [
        ("DEFECT_STREAMS_IN_MEMORY", "kill-broker.yaml", LOST),
        ("DEFECT_EARLY_ACKNOWLEDGEMENT", "kill-order.json", LOST),
        ("DEFECT_NO_IDEMPOTENCY", "kill-fulfilment.yaml", TWICE),
    ],
)
def test_a_defect_is_caught_by_its_claim(without: Callable[..., Bench], defect: str, file: str, name: str) -> None:
    experiment = yaml.safe_load((EXPERIMENTS / file).read_text(encoding="utf-8"))
    for activity in experiment["method"]:
        if activity["provider"]["func"].endswith("_orders"):
            activity["provider"]["arguments"] = {"timeout": 3}  # what is lost does not come
    run = undisturbed(lambda: without(**{defect: "true"}).run(experiment), lambda run: run)
    assert f"“{name}”: observed " in reasons(run, "FAIL")
    claim = judged(run, name)
    assert (claim["verdict"], claim["value"] > 0) == ("FAIL", True)
    other = {LOST: TWICE, TWICE: LOST}[name]
    assert judged(run, other)["verdict"] == "PASS"
