"""What every target promises, asked of each of them in the same words."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probes.errors import NotOurs, TargetError, UnknownService
from probes.targets.api import Crashable, Event, Inspectable, Pausable, Stack, Stoppable, Watchable

if TYPE_CHECKING:
    from conftest import Backend

Wait = Callable[[Callable[[], bool]], None]


def _kinds(events: list[Event], service: str = "echo") -> list[str]:
    return [event.kind for event in events if event.service == service and event.kind != "health"]


def test_a_target_has_every_capability(backend: "Backend") -> None:
    for capability in (Inspectable, Watchable, Crashable, Stoppable, Pausable, Stack):
        assert isinstance(backend.target, capability)
    assert backend.target.is_own
    assert backend.target.is_up()


def test_a_crash_leads_to_a_new_process_of_the_same_instance(backend: "Backend", wait: Wait) -> None:
    before = backend.echo()
    with backend.events() as events:
        backend.target.crash(before)
        wait(lambda: backend.echo().restart_count == before.restart_count + 1 and backend.echo().state == "running")
        wait(lambda: "start" in _kinds(events))
    after = backend.echo()
    assert after.id == before.id
    assert after.pid != before.pid
    assert before.started_ns is not None
    assert after.started_ns is not None
    assert after.started_ns > before.started_ns
    assert _kinds(events) == ["die", "start"], "a die without a kill before it is a crash"
    assert [event.exit_code for event in events if event.kind == "die"] == [137]
    wait(backend.answers)


def test_a_crash_spares_the_other_services(backend: "Backend", wait: Wait) -> None:
    (other,) = backend.target.instances("other")
    before = backend.echo()
    backend.target.crash(before)
    wait(lambda: backend.echo().restart_count > before.restart_count)
    (still,) = backend.target.instances("other")
    assert (still.pid, still.restart_count, still.started_ns) == (other.pid, other.restart_count, other.started_ns)


def test_events_arrive_in_order_with_times_and_healthy_again_is_one_of_them(backend: "Backend", wait: Wait) -> None:
    with backend.events() as events:
        backend.target.crash(backend.echo())
        wait(lambda: any(event.health == "healthy" for event in events))
    times = [event.at_ns for event in events]
    assert times == sorted(times)
    assert all(event.seen_ns >= event.at_ns > 0 for event in events)
    assert {event.instance for event in events if event.service == "echo"} == {backend.echo().id}


def test_a_stop_stays_down_and_a_start_brings_it_back(backend: "Backend", wait: Wait) -> None:
    before = backend.echo()
    with backend.events() as events:
        backend.target.stop(before)
        assert backend.echo().state == "stopped"
        assert backend.echo().exit_code is not None
        assert not backend.answers()
        # Engines tell `die` and `stop` in either order; the operator's `kill` is before both.
        wait(lambda: {"stop", "die"} <= set(_kinds(events)))
        assert _kinds(events)[0] == "kill"
        assert "start" not in _kinds(events)
        backend.target.start(backend.echo())
        backend.target.start(backend.echo())
        wait(backend.answers)
        wait(lambda: _kinds(events).count("start") == 1)
    assert backend.echo().restart_count <= before.restart_count, "an operator's start is no restart by policy"


def test_a_pause_answers_nothing_and_a_resume_answers_again(backend: "Backend", wait: Wait) -> None:
    before = backend.echo()
    with backend.events() as events:
        backend.target.pause(before)
        wait(lambda: backend.echo().state == "paused")
        assert not backend.answers()
        backend.target.resume(backend.echo())
        backend.target.resume(backend.echo())
        wait(lambda: "resume" in _kinds(events))
        wait(backend.answers)
    assert _kinds(events) == ["pause", "resume"]
    assert (backend.echo().state, backend.echo().pid) == ("running", before.pid)


def test_an_operators_kill_shows_as_one_and_is_not_restarted(backend: "Backend", wait: Wait) -> None:
    before = backend.echo()
    with backend.events() as events:
        backend.operator_kills(before)
        wait(lambda: "die" in _kinds(events) and backend.echo().state == "stopped")
    assert _kinds(events) == ["kill", "die"]
    assert [event.signal for event in events if event.kind == "kill"] == [9]
    assert backend.echo().restart_count == before.restart_count


def test_what_is_stopped_cannot_be_crashed(backend: "Backend") -> None:
    backend.target.stop(backend.echo())
    with pytest.raises(TargetError, match=r"echo is \w+, not running"):
        backend.target.crash(backend.echo())


def test_what_is_not_ours_is_refused_by_name_and_lives_on(backend: "Backend") -> None:
    with backend.foreign() as (stranger, alive):
        for order in (backend.target.crash, backend.target.pause):
            with pytest.raises(NotOurs):
                order(stranger)
        assert alive()


@pytest.mark.parametrize("order", ["crash", "stop", "start", "pause", "resume"])
def test_an_instance_that_is_not_there_is_refused(backend: "Backend", order: str) -> None:
    nowhere = replace(backend.echo(), id="no-such-instance")
    with pytest.raises(NotOurs, match="no-such-instance"):
        getattr(backend.target, order)(nowhere)


def test_an_unknown_service_lists_those_that_there_are(backend: "Backend") -> None:
    with pytest.raises(UnknownService, match="echo, other"):
        backend.target.instances("shop")


def test_the_system_is_described_without_its_secrets(backend: "Backend") -> None:
    system = backend.target.describe()
    assert [service.name for service in sorted(system.services, key=lambda each: each.name)] == ["echo", "other"]
    assert {service.restart for service in system.services} == {"unless-stopped"}
    assert "not-for-a-report" not in str(system)
    assert all(service.health_interval_s for service in system.services)


def test_a_watcher_that_ends_hears_no_more(backend: "Backend", wait: Wait) -> None:
    with backend.events() as events:
        pass
    backend.target.pause(backend.echo())
    wait(lambda: backend.echo().state == "paused")
    assert _kinds(events) == []
