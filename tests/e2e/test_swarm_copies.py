"""What can be done to one copy of a service on the machine where it runs, and undone also where it was replaced."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import yaml
from harness import ROOT, Bench, eventually
from test_swarm_target import engine_of, now, well

from experiments import action, python
from probes.errors import NotOurs, TargetError, UnknownService
from probes.faults.knock import Knock, knock
from probes.targets.abilities import Disturbance, Exhaustible, Limitable, Limits
from probes.targets.api import Instance
from probes.targets.docker.helper import HELPER
from probes.targets.swarm import SwarmTarget

pytestmark = pytest.mark.docker
FAULT = "0123456789ab"
NODES = ("node1", "node2", "node3")


@pytest.fixture
def target(swarm: Bench) -> Iterator[SwarmTarget]:
    """The stack, with both copies of product healthy, and nothing of ours left after it."""
    found = SwarmTarget(swarm.project, environment=swarm.environment)
    assert eventually(lambda: well(found), within=90)
    yield found
    found.sweep()
    for one in found.instances("product"):
        found.resume(one)
    assert eventually(lambda: well(found), within=90)
    assert found.strays() == ()


@pytest.fixture
def copies(target: SwarmTarget) -> tuple[Instance, Instance]:
    one, other = target.instances("product")
    return one, other


def at(target: SwarmTarget, instance: Instance, timeout_s: float = 2.0) -> Knock:
    return knock(target.addresses(now(target, instance)), timeout_s)


def asked(swarm: Bench) -> None:
    """Users, so that the storefront calls product."""
    url = f"http://127.0.0.1:{swarm.environment['STOREFRONT_PORT']}/api/products"
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=2)


def helpers(swarm: Bench) -> list[str]:
    found = []
    for node in NODES:
        with contextlib.closing(engine_of(swarm, node)) as engine:
            found += [str(one.name) for one in engine.containers.list(filters={"label": HELPER})]
    return found


def test_a_frozen_copy_answers_nothing_and_nobody_replaces_it(
    target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    one, other = copies
    assert at(target, one).answered_ms is not None
    target.pause(one)
    frozen = at(target, one)
    assert (frozen.opened_ms is not None, frozen.answered_ms) == (True, None)
    assert at(target, other).answered_ms is not None, "the other copy is another one"
    assert not eventually(lambda: now(target, one).task != one.task, within=10), "three health checks and more"
    assert now(target, one).state == "paused"
    target.resume(one)
    assert eventually(lambda: at(target, one).answered_ms is not None)
    assert now(target, one).task == one.task


def test_packets_are_late_on_one_copy_alone_and_in_time_when_it_is_undone(
    target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    one, other = copies
    assert target.disturbed(one, FAULT) is None
    target.disturb(one, Disturbance("latency", delay_ms=200), FAULT, 60)
    late, in_time = at(target, one).opened_ms, at(target, other).opened_ms
    assert late is not None
    assert late >= 200
    assert in_time is not None
    assert in_time < 200
    assert [fault for fault, _ in target.strays()].count(FAULT) >= 1
    target.settle(one, FAULT)
    assert target.disturbed(one, FAULT) is None
    again = at(target, one).opened_ms
    assert again is not None
    assert again < 200


def test_a_copy_is_cut_off_from_one_service_and_reached_by_all_others(
    swarm: Bench, target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    one, _ = copies
    target.disturb(one, Disturbance("partition", peers=("storefront",)), FAULT, 60)

    def hit() -> bool:
        asked(swarm)
        return bool(target.disturbed(one, FAULT))

    assert eventually(hit), "the storefront's own address was dropped"
    assert at(target, one).answered_ms is not None
    with pytest.raises(UnknownService, match="no service 'shop'"):
        target.disturb(one, Disturbance("partition", peers=("shop",)), FAULT, 60)


def test_what_a_replaced_copy_leaves_on_the_other_machine_is_removed(
    swarm: Bench, target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    one, _ = copies
    target.disturb(one, Disturbance("latency", delay_ms=100), FAULT, 120)
    assert len(helpers(swarm)) == 1
    target.crash(one)
    assert eventually(lambda: now(target, one).task != one.task and now(target, one).health == "healthy")
    assert target.disturbed(one, FAULT) is None, "a new container has a network of its own"
    target.disturb(one, Disturbance("latency", delay_ms=100), FAULT, 120)
    assert target.disturbed(one, FAULT) is not None, "put in place again, in the new one"
    target.settle(one, FAULT)
    assert target.disturbed(one, FAULT) is None
    assert helpers(swarm) == []


def test_a_fault_that_nobody_undoes_ends_at_its_bound(
    swarm: Bench, target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    target.disturb(copies[0], Disturbance("latency", delay_ms=100), FAULT, 3)
    assert eventually(lambda: helpers(swarm) == [] and target.disturbed(copies[0], FAULT) is None)


def test_answers_are_spoiled_on_one_copy(target: SwarmTarget, copies: tuple[Instance, Instance]) -> None:
    one, _ = copies
    ((address, port),) = target.addresses(one)
    target.disturb(one, Disturbance("answers", port=port, status=503, percent=100), FAULT, 60)
    assert requests.get(f"http://{address}:{port}/products", timeout=5).status_code == 503
    assert target.spoiled(one, FAULT) >= 1
    target.settle(one, FAULT)
    assert requests.get(f"http://{address}:{port}/products", timeout=5).status_code == 200


def test_no_name_is_found_and_then_it_is(target: SwarmTarget, copies: tuple[Instance, Instance]) -> None:
    one, _ = copies
    assert target.resolves(one, "order")
    target.disturb(one, Disturbance("no_names"), FAULT, 60)
    assert not target.resolves(one, "order")
    target.settle(one, FAULT)
    assert target.resolves(one, "order")


def test_limits_are_the_kernels_and_come_back(target: SwarmTarget, copies: tuple[Instance, Instance]) -> None:
    assert isinstance(target, Limitable)
    one, other = copies
    before, declared, others = target.limits(one), target.declared(one), target.limits(other)
    target.limit(one, Limits(0.05, None))
    assert target.limits(one) == Limits(0.05, before.memory_bytes)
    assert target.limits(other) == others
    began = target.use(one).throttled_ns
    assert eventually(lambda: target.use(one).throttled_ns > began)
    target.restore(one, declared)
    assert target.limits(one) == before


def test_out_of_memory_ends_the_task_and_the_swarm_replaces_it(
    target: SwarmTarget, copies: tuple[Instance, Instance]
) -> None:
    assert isinstance(target, Exhaustible)
    one, other = copies
    target.exhaust(one)
    assert eventually(lambda: now(target, one).task != one.task and now(target, one).health == "healthy")
    assert (now(target, one).ended_as, now(target, one).exit_code) == ("failed", 137)
    assert now(target, other).task == other.task


def test_a_machine_without_the_image_is_named_before_anything_is_done(swarm: Bench) -> None:
    without = SwarmTarget(swarm.project, environment={**swarm.environment, "STEHAUF_IMAGE_TAG": "not-there"})
    with pytest.raises(
        TargetError, match=r"node1 does not have the image stehauf-stack:not-there, and nothing was done"
    ):
        without.means(Disturbance("latency", delay_ms=100))
    assert helpers(swarm) == []


def test_a_fault_goes_on_in_the_task_that_replaced_the_first(swarm: Bench, target: SwarmTarget) -> None:
    """Slow, then crashed: what lived in the old task's network is put in place again, and undone in the new one."""
    assert eventually(lambda: well(target))
    found: dict[str, Any] = yaml.safe_load((ROOT / "experiments" / "swarm" / "crash-one-of-two.yaml").read_text())
    slow = python("probes.actions", "latency", service="product", milliseconds=50, for_seconds=60)
    undo = python("probes.actions", "undo", service="product", fault="latency")
    found["method"] = [action("slow", slow), *found["method"][:3], action("as before", undo), *found["method"][3:]]
    run = swarm.run(found)
    lines = [line for line in run.lines("faults.jsonl") if line["fault"] == "latency"]
    assert [line["phase"] for line in lines] == ["asked", "injected", "injected", "undone"]
    assert lines[2]["again"] is True
    assert [receipt["proved"] for receipt in run.verdict["receipts"]] == [True, True], run.said
    assert target.strays() == ()


@pytest.mark.parametrize("order", ["addresses", "pause", "limits", "exhaust"])
def test_an_instance_that_is_not_there_is_refused(order: str, target: SwarmTarget) -> None:
    nowhere = replace(target.instances("product")[0], id="product.99")
    with pytest.raises(NotOurs, match=r"product\.99"):
        getattr(target, order)(nowhere)
