"""What every target promises (tests/contract), asked of a real swarm as far as it means the same there.

A task never starts again and no restart is counted, nothing is stopped or paused: so those promises of the contract
suite are made in the words of slots and tasks, or not at all.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import docker
import pytest
from harness import Bench, eventually

from probes.errors import NotOurs, TargetError, UnknownService
from probes.targets.api import Crashable, Event, Inspectable, Instance, Stack, Stoppable, Watchable
from probes.targets.swarm import SwarmTarget

pytestmark = pytest.mark.docker
SERVICES = ("broker", "fulfilment", "order", "product", "storefront")


@pytest.fixture
def target(swarm: Bench) -> Iterator[SwarmTarget]:
    """The stack, with both copies of product healthy before and after."""
    found = SwarmTarget(swarm.project, environment=swarm.environment)
    assert eventually(lambda: well(found), within=90)
    yield found
    assert eventually(lambda: well(found), within=90)


def well(target: SwarmTarget) -> bool:
    there = target.instances("product")
    return len(there) == 2 and all((one.state, one.health) == ("running", "healthy") for one in there)


def now(target: SwarmTarget, instance: Instance) -> Instance:
    """The slot as it is now; as it was where it has no task at this moment."""
    return next((one for one in target.instances(instance.service) if one.id == instance.id), instance)


def engine_of(swarm: Bench, node: str) -> docker.DockerClient:
    named = dict(part.split("=", 1) for part in swarm.environment["STEHAUF_SWARM_NODES"].split(","))
    return docker.DockerClient(base_url=named[node])


@contextlib.contextmanager
def events(target: SwarmTarget) -> Iterator[list[Event]]:
    seen: list[Event] = []
    problems: list[str] = []
    with target.watch(seen.append, problems.append):
        yield seen
    assert problems == []


def kinds(seen: list[Event], of: Instance) -> list[str]:
    return [event.kind for event in seen if event.instance == of.id and event.kind != "health"]


def test_what_a_swarm_can_do_and_what_it_cannot(target: SwarmTarget) -> None:
    for capability in (Inspectable, Watchable, Crashable, Stack):
        assert isinstance(target, capability)
    assert not isinstance(target, Stoppable)
    assert target.is_up()
    assert target.services() == SERVICES


def test_a_crash_leads_to_a_new_task_in_the_same_slot_and_spares_the_rest(target: SwarmTarget) -> None:
    before, other = target.instances("product")
    with events(target) as seen:
        target.crash(before)
        assert eventually(lambda: now(target, before).task != before.task and now(target, before).health == "healthy")
        assert eventually(lambda: any(one.instance == before.id and one.health == "healthy" for one in seen))
    after = now(target, before)
    assert (after.replaces, after.ended_as, after.exit_code) == (before.task, "failed", 137)
    assert after.started_ns is not None
    assert before.started_ns is not None
    assert after.started_ns > before.started_ns
    assert kinds(seen, before) == ["die", "start"], "a die without a kill before it is a crash"
    assert {event.instance for event in seen if event.kind != "health"} == {before.id}
    still = now(target, other)
    assert (still.task, still.started_ns) == (other.task, other.started_ns)
    times = [event.at_ns for event in seen if event.instance == before.id]
    assert times == sorted(times)


def test_an_operators_kill_shows_as_one_although_the_swarm_replaces_it(swarm: Bench, target: SwarmTarget) -> None:
    before = target.instances("product")[0]
    with events(target) as seen, contextlib.closing(engine_of(swarm, before.node)) as engine:
        (container,) = engine.containers.list(filters={"label": f"com.docker.swarm.task.id={before.task}"})
        container.kill()
        assert eventually(lambda: "start" in kinds(seen, before))
    assert kinds(seen, before)[:2] == ["kill", "die"]
    assert [event.signal for event in seen if event.kind == "kill"] == [9]


def test_what_was_replaced_meanwhile_is_not_crashed(target: SwarmTarget) -> None:
    one = target.instances("product")[0]
    with pytest.raises(TargetError, match="replaced by a new task"):
        target.crash(replace(one, task="another-task"))
    assert now(target, one).task == one.task


def test_what_is_not_ours_is_refused_by_name_and_lives_on(swarm: Bench, target: SwarmTarget) -> None:
    one = target.instances("product")[0]
    image = target.describe().services[0].image
    with contextlib.closing(engine_of(swarm, "node2")) as engine:
        stranger = engine.containers.run(image, ["sleep", "300"], detach=True, init=True, network_mode="none")
        try:
            with pytest.raises(NotOurs, match=stranger.id):
                target.crash(replace(one, id=stranger.id, task=""))
            stranger.reload()
            assert stranger.status == "running"
        finally:
            stranger.remove(force=True)


@pytest.mark.parametrize("order", ["crash", "start", "resume"])
def test_an_instance_that_is_not_there_is_refused(order: str, target: SwarmTarget) -> None:
    nowhere = replace(target.instances("product")[0], id="product.99")
    with pytest.raises(NotOurs, match=r"product\.99"):
        getattr(target, order)(nowhere)


def test_an_unknown_service_lists_those_that_there_are(target: SwarmTarget) -> None:
    with pytest.raises(UnknownService, match=", ".join(SERVICES)):
        target.instances("shop")


def test_a_watcher_that_ends_hears_no_more(target: SwarmTarget) -> None:
    one = target.instances("product")[0]
    with events(target) as seen:
        pass
    target.crash(one)
    assert eventually(lambda: now(target, one).task != one.task)
    assert seen == []
