"""A crash loop on the target in memory: each crash a fault of its own, each with its own receipt."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from probes.actions import crash_loop, ensure_running
from probes.errors import ConfigurationError, TargetDegraded
from probes.faults.keeper import Keeper
from probes.run.ledger import Ledger
from probes.run.recorder import Recorder
from probes.targets.memory import MemoryTarget, Misbehaviour
from reports.evidence.reader import Evidence
from reports.figures import receipt
from reports.figures.windows import fault_spans, faults_of
from reports.render.loops import together
from reports.verdict.faults import unproved


@contextmanager
def run_on(target: MemoryTarget, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """As much of a run as an action needs."""
    target.up(lambda _: None)
    recorder = Recorder(folder / "run", target)
    session = SimpleNamespace(
        target=target,
        recorder=recorder,
        directory=recorder.directory,
        ledger=Ledger(folder / "state", "memory", "memory"),
        about=SimpleNamespace(name="a-run"),
        check=recorder.check,
    )
    session.keeper = Keeper(session)  # type: ignore[arg-type]
    monkeypatch.setattr("probes.run.session._open", [session])
    recorder.start()
    yield session
    recorder.stop()


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with run_on(MemoryTarget(time.time_ns), tmp_path, monkeypatch) as found:
        yield found


def test_each_crash_has_its_own_receipt_and_all_are_one_span(session: Any) -> None:
    made = crash_loop("echo", times=2, for_seconds=1.2)
    evidence = Evidence(session.directory)
    assert len(made["faults"]) >= 2
    assert [fault.id for fault in evidence.faults] == made["faults"]
    assert {fault.loop for fault in evidence.faults} == {made["loop"]}
    assert [receipt(evidence, fault).missing for fault in evidence.faults] == [()] * len(made["faults"])
    ((last, asked, _),) = fault_spans(faults_of(evidence, "echo"))
    assert last == evidence.faults[-1]
    assert asked == evidence.faults[0].asked_ns


def test_where_restarts_are_at_once_it_goes_on_and_never_outlives_its_bound(session: Any) -> None:
    crash_loop("echo", times=2, for_seconds=1.6)
    asked = [fault.asked_ns or 0 for fault in Evidence(session.directory).faults]
    assert len(asked) > 2, "two crashes were over at once"
    assert asked[-1] - asked[0] < 1.6e9 + 1e9


def test_the_ledger_holds_one_entry_until_the_undo(session: Any) -> None:
    made = crash_loop("echo", times=2, for_seconds=0.6)
    (entry,) = session.ledger
    assert (entry.id, entry.fault) == (made["loop"], "crash_loop")
    ensure_running("echo")
    assert list(session.ledger) == []
    faults = Evidence(session.directory).faults
    assert [fault.id for fault in faults] == made["faults"], "the undo is no fault"
    assert faults[0].undone_ns is not None


def test_the_report_shows_a_loop_as_one_receipt(session: Any) -> None:
    made = crash_loop("echo", times=2, for_seconds=0.8)
    evidence = Evidence(session.directory)
    (shown,) = together(tuple(receipt(evidence, fault) for fault in evidence.faults))
    many = len(made["faults"])
    assert shown.proved
    assert shown.fault.title == "crash loop of echo"
    assert ("crashes proved", f"{many} of {many}") in shown.facts
    assert ("restart count at the last", f"{many - 1} → {many}") in shown.facts


def test_a_service_that_does_not_come_back_ends_the_loop_and_is_not_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = MemoryTarget(time.time_ns, misbehaviour=Misbehaviour(restarts=False))
    with run_on(target, tmp_path, monkeypatch) as session:
        made = crash_loop("echo", times=3, for_seconds=0.3)
        evidence = Evidence(session.directory)
        assert len(made["faults"]) == 1
        found = tuple(receipt(evidence, fault) for fault in evidence.faults)
        assert any("no start event" in sentence for sentence in unproved(evidence, found))


def test_a_service_that_is_broken_already_is_refused(session: Any) -> None:
    session.target.stop(session.target.instances("echo")[0])
    with pytest.raises(TargetDegraded, match="stopped"):
        crash_loop("echo")
    assert list(session.ledger) == []


@pytest.mark.parametrize(
    "arguments",
    [{"times": 1}, {"times": 21}, {"times": True}, {"times": "6"}, {"for_seconds": 0}, {"for_seconds": 31}],
)
def test_an_argument_out_of_its_range_is_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(arguments))):
        crash_loop("echo", **arguments)


def test_several_instances_loop_side_by_side_each_under_an_entry_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_on(MemoryTarget(time.time_ns, copies=2), tmp_path, monkeypatch) as session:
        made = crash_loop("echo", times=2, for_seconds=1.2, choose="all")
        evidence = Evidence(session.directory)
        first, second = made["loops"]
        assert {entry.id for entry in session.ledger} == {first["loop"], second["loop"]}
        assert {fault.instance for fault in evidence.faults} == {first["instance"], second["instance"]}
        asked = {fault.id: fault.asked_ns or 0 for fault in evidence.faults}
        assert asked[second["faults"][0]] < asked[first["faults"][1]], "one after the other is no crash of both"
        assert [receipt(evidence, fault).missing for fault in evidence.faults] == [()] * len(asked)


def test_more_instances_than_there_are_is_refused(session: Any) -> None:
    with pytest.raises(ConfigurationError, match="2 instances of echo"):
        crash_loop("echo", count=2)
    assert list(session.ledger) == []
