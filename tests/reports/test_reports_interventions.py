"""What somebody else did to the target, or what nobody can explain, is not a PASS."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, BEGIN, CLOSED, DIED, END, INSTANCE, MS, STARTED, S, action, entry, iso

from reports.evidence.reader import Evidence
from reports.verdict import Outcome, judge
from reports.verdict import write as write_verdict

Written = Callable[[Run], Evidence]


def event(kind: str, at: int, service: str = "product", instance: str = INSTANCE, **more: Any) -> dict[str, Any]:
    base = {"exit_code": None, "signal": None, "health": None, **more}
    return {"service": service, "instance": instance, "at_ns": at, "seen_ns": at + MS, "kind": kind, **base}


def test_the_run_passes_as_built(run: Run, written: Written) -> None:
    assert judge(written(run)).verdict == Outcome.PASS


def test_a_recovery_that_an_operator_made_is_not_the_restart_policys(run: Run, written: Written) -> None:
    """The policy starts it, it hangs, somebody restarts it by hand 2 s later; users are well after that only."""
    again = STARTED + 2 * S
    run.events += [
        event("kill", again, signal=9),
        event("die", again + 20 * MS, exit_code=137),
        event("start", again + 60 * MS),
    ]
    assert judge(written(run)).verdict != Outcome.PASS


@pytest.mark.parametrize("kind", ["stop", "kill", "pause"])
def test_an_operators_hand_during_the_run_is_not_a_pass(run: Run, written: Written, kind: str) -> None:
    run.events.append(event(kind, ASKED + 8 * S, "order", "order-id"))
    assert judge(written(run)).verdict != Outcome.PASS


@pytest.mark.parametrize("service", ["product", "fulfilment"])
def test_a_death_that_no_fault_explains_is_not_a_pass(run: Run, written: Written, service: str) -> None:
    instance = INSTANCE if service == "product" else f"{service}-id"
    run.events += [
        event("die", ASKED + 9 * S, service, instance, exit_code=1),
        event("start", ASKED + 9 * S + 400 * MS, service, instance),
    ]
    assert judge(written(run)).verdict != Outcome.PASS


def test_an_instance_that_is_gone_at_the_end_is_not_a_pass(run: Run, written: Written) -> None:
    """`docker rm -f` in mid-run: `services()` of the target no longer lists it, so nothing misses it."""
    run.instances = [one for one in run.instances if not (one["when"] == "end" and one["service"] == "fulfilment")]
    assert judge(written(run)).verdict != Outcome.PASS


def test_an_instance_that_was_replaced_is_not_a_pass(run: Run, written: Written) -> None:
    """`docker compose up --force-recreate`: at the end it is another container."""
    for one in run.instances:
        if one["when"] == "end" and one["service"] == "product":
            one["id"], one["restart_count"] = "another-id", 0
    assert judge(written(run)).verdict != Outcome.PASS


def test_a_fault_outside_the_method_proves_nothing(run: Run, written: Written) -> None:
    """In the rollbacks it comes after the last look at the hypothesis."""
    crash = entry(action("crash", "product crashes", service="product"), None, ASKED - 5 * MS, 0.12)
    look = {"type": "probe", "name": "looks", "provider": {"type": "process", "path": "true"}}
    looked = entry(look, {"status": 0, "stdout": "", "stderr": ""}, ASKED - 2 * S, 0.1)
    run.method[:] = [looked]
    run.rollbacks.insert(0, crash)
    run.experiment["method"] = [look]
    run.experiment["rollbacks"] = [one["activity"] for one in run.rollbacks]
    assert judge(written(run)).verdict != Outcome.PASS


def test_a_breaker_that_could_not_be_read_any_more_is_not_known_to_have_stayed_closed(
    run: Run, written: Written
) -> None:
    url = "http://127.0.0.1:8080/breakers"
    run.breakers = [run.breakers[0], {"seen_ns": BEGIN + S, "source": url, "error": "500 Server Error"}]
    run.method[:] = [
        one
        for one in run.method
        if one["activity"]["provider"]["func"] not in {"degraded_outside_fault", "fallback_held"}
    ]
    claim = {
        "type": "probe",
        "name": "the breaker never opened",
        "tolerance": 0,
        "provider": {
            "type": "python",
            "module": "probes.figures",
            "func": "breaker_opened",
            "arguments": {"breaker": "product"},
        },
    }
    last = entry(claim, 0)
    last["end"] = iso(END + S // 2)
    run.method.append(last)
    run.experiment["method"] = [one["activity"] for one in run.method]
    assert judge(written(run)).verdict != Outcome.PASS


def test_a_canary_that_was_asleep_did_not_look(run: Run, written: Written) -> None:
    """Frozen for 4 s over the outage, it sends afterwards what was due: each good, none at its time."""
    asleep, awake = ASKED - S, STARTED + 3 * S
    for name in ("canary-shop-21", "canary-product-21"):
        rows = run.samples[name].rows
        run.samples[name].rows = [
            (due, latency + (awake - due) // 1000, (awake - due) // 100_000, 200, 0, label, content)
            if asleep <= due < awake
            else (due, latency, lag, status, flags, label, content)
            for due, latency, lag, status, flags, label, content in rows
        ]
    run.method[:] = [run.method[0], run.method[1], run.method[3]]  # crash, recovery, failed requests
    run.method[-1]["end"] = iso(END + S // 2)
    run.experiment["method"] = [one["activity"] for one in run.method]
    assert judge(written(run)).verdict != Outcome.PASS


def test_good_answers_between_the_asking_and_the_death_are_no_recovery(run: Run, written: Written) -> None:
    """On Docker 100 to 300 ms lie between the two, so the canary has some; after that users see only failures."""
    samples = run.samples["canary-shop-21"]
    samples.rows = [
        (due, latency, lag, 0 if due >= DIED else status, 0, label, 0)
        for due, latency, lag, status, _, label, _ in samples.rows
    ]
    samples.texts = []
    run.method[:] = [run.method[0]]
    run.method[0]["end"] = iso(CLOSED)
    run.experiment["method"] = [one["activity"] for one in run.method]
    assert judge(written(run)).verdict != Outcome.PASS


def test_taking_the_seal_away_does_not_launder_a_change(run: Run, written: Written) -> None:
    run.heal = {"healed": False, "differences": ["order is unhealthy"]}
    directory = written(run).directory
    assert write_verdict(directory).verdict != Outcome.PASS
    (directory / "heal.json").write_text('{"healed": true, "differences": []}')
    (directory / "manifest.json").unlink()
    assert write_verdict(directory).verdict != Outcome.PASS
