"""Faults that last, against real services: proved by what the target shows, and undone whatever becomes of the run."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, Run, eventually, read_until, undisturbed
from snapshot import state_of

from experiments import action, probe, python, smallest

WAITS = {"type": "process", "path": "sleep", "arguments": "60"}


def fault(func: str, service: str = "product", **arguments: Any) -> dict[str, Any]:
    return action(func, python("probes.actions", func, service=service, **arguments))


def back(kind: str = "", within: float = 30) -> dict[str, Any]:
    """Users are served again; what recovers is waited for, so that the next fault does not blur it.

    Of faults of that kind alone, where others before it were followed by the next without such a wait.
    """
    recovery = python("probes.figures", "recovery_seconds", service="product", timeout=within, fault=kind)
    return probe("back", {"type": "range", "range": [0, within]}, recovery)


def well() -> dict[str, Any]:
    return probe("well", True, python("probes.probes", "all_healthy", within=20))


def broken_by(*method: dict[str, Any]) -> dict[str, Any]:
    experiment = smallest()
    experiment["method"] = list(method)
    return experiment


def judged(bench: Bench, *method: dict[str, Any]) -> Run:
    return undisturbed(lambda: bench.run(broken_by(*method)), lambda run: run)


@pytest.mark.docker
def test_every_fault_is_proved_and_leaves_nothing(docker: Bench) -> None:
    """One after the other on one service; the crash in the partition takes the rules with it, and they are put back."""
    before = state_of(docker.project)
    broken = [
        [fault("hang", for_seconds=40)],
        [fault("stall", for_seconds=40)],
        [fault("stop", for_seconds=40)],
        [fault("partition", peers=["storefront"]), fault("crash"), well()],
        [fault("partition")],
        [fault("latency", milliseconds=60, jitter_ms=5)],
        [fault("loss", percent=30)],
        [fault("bandwidth", kbit_s=64)],
        [fault("dns_failure")],
        [fault("bad_answers", port=int(docker.environment["PRODUCT_PORT"]), callers=["storefront"], status=503)],
        [fault("cpu_starved", cpus=0.02)],
        [fault("memory_squeezed", megabytes=60)],
    ]
    method = [step for steps in broken for step in (*steps, fault("undo"), well())]
    method += [fault("out_of_memory"), back("out_of_memory"), well(), fault("signal", number=11), back("signal")]
    run = judged(docker, *method)
    receipts = {one["fault"]["kind"]: one for one in run.verdict["receipts"]}
    assert {kind: one["missing"] for kind, one in receipts.items() if not one["proved"]} == {}, run.said
    assert len(run.verdict["receipts"]) == 15
    assert run.verdict["verdict"] == "PASS", run.said
    assert {line["by"] for line in run.lines("faults.jsonl") if line["phase"] == "undone"} >= {"the action undo"}
    assert state_of(docker.project) == before
    assert docker.chaos("heal", "--check").code == 0


@pytest.mark.docker
def test_a_run_that_is_killed_leaves_no_fault_behind_on_docker(docker: Bench) -> None:
    """Its watchdog undoes all of them; nobody else runs."""
    before = state_of(docker.project)
    method = [
        fault("hang", for_seconds=40),
        fault("partition", "order", peers=["storefront"], for_seconds=40),
        fault("latency", "fulfilment", milliseconds=30, for_seconds=40),
        fault("cpu_starved", "storefront", cpus=0.5, for_seconds=40),
        action("waits", WAITS),
    ]
    experiment = broken_by(*method)
    with docker.started("run", str(docker.write(experiment))) as process:
        read_until(process, "Action: waits")
        assert docker.chaos("heal", "--check").code == 1
        process.kill()
        process.wait()
    assert eventually(lambda: docker.chaos("heal", "--check").code == 0, within=60)
    assert state_of(docker.project) == before


@pytest.mark.docker
def test_a_full_disk_is_proved_and_given_back_whoever_dies(tmp_path: Path) -> None:
    with Bench("docker", tmp_path).up("--own-disk", "broker") as bench:
        before = state_of(bench.project)
        run = judged(bench, fault("disk_full", "broker", for_seconds=40), fault("undo", "broker"), well())
        assert run.verdict["verdict"] == "PASS", run.said
        experiment = broken_by(fault("disk_full", "broker", for_seconds=40), action("waits", WAITS))
        with bench.started("run", str(bench.write(experiment))) as process:
            read_until(process, "Action: waits")
            assert "disk_full" in bench.chaos("heal", "--check").output
            process.kill()
            process.wait()
        assert eventually(lambda: bench.chaos("heal", "--check").code == 0, within=60)
        assert state_of(bench.project) == before


@pytest.mark.embedded
def test_processes_hang_stop_and_end_by_a_signal(embedded: Bench) -> None:
    method = [fault("hang"), fault("undo"), back(), fault("stall"), fault("undo"), back("stall")]
    method += [fault("stop"), fault("undo"), back(), well()]
    run = judged(embedded, *method, fault("signal", number=11, exit_code=139), back())
    assert run.verdict["verdict"] == "PASS", run.said
    asked = run.lines("faults.jsonl")[0]
    assert asked["selection"]["of"] == [asked["instance"]]
    died = [line["exit_code"] for line in run.lines("events.jsonl") if line["kind"] == "die"]
    assert died[-1] == 139


@pytest.mark.embedded
def test_a_fault_ends_at_its_bound_though_nobody_undoes_it(embedded: Bench) -> None:
    run = judged(embedded, fault("hang", for_seconds=3), back())
    assert run.verdict["verdict"] == "PASS", run.said
    (undone,) = [line for line in run.lines("faults.jsonl") if line["phase"] == "undone"]
    assert undone["by"] == "its bound"
    assert undone["at_ns"] - run.lines("faults.jsonl")[0]["at_ns"] >= 3e9


@pytest.mark.embedded
def test_a_run_that_is_killed_leaves_no_fault_behind(embedded: Bench) -> None:
    with embedded.started("run", str(embedded.write(broken_by(fault("hang"), action("waits", WAITS))))) as process:
        read_until(process, "Action: waits")
        assert "1 left" in embedded.chaos("heal", "--check").output
        process.kill()
        process.wait()
    assert eventually(lambda: embedded.chaos("heal", "--check").code == 0)
    assert "paused" not in embedded.chaos("stack", "status").output


@pytest.mark.embedded
def test_a_second_and_a_third_signal_do_not_skip_the_undo_and_heal_waits_its_turn(embedded: Bench) -> None:
    experiment = broken_by(fault("hang"), action("waits", WAITS))
    with embedded.started("run", str(embedded.write(experiment, "holds.json"))) as process:
        said = read_until(process, "Action: waits")
        refused = embedded.chaos("heal")
        assert refused.code == 1
        assert "-holds" in refused.output
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)  # two signals at once would be one
        rest, _ = process.communicate(timeout=120)
    run = embedded.result(process.returncode, said + rest)
    assert run.verdict["verdict"] == "INCONCLUSIVE"
    assert run.lines("faults.jsonl")[-1]["phase"] == "undone"
    assert "paused" not in embedded.chaos("stack", "status").output
    assert "Nothing was left" in embedded.chaos("heal").output


@pytest.mark.embedded
def test_what_this_target_cannot_do_is_said_before_anything_is_broken(embedded: Bench) -> None:
    run = embedded.run(broken_by(fault("crash"), fault("partition")))
    assert run.verdict["verdict"] == "INCONCLUSIVE"
    assert "embedded cannot do the fault 'partition'" in run.said
    assert "A target that can: docker" in run.said
    assert not (run.directory / "faults.jsonl").exists()


@pytest.mark.embedded
def test_two_hangs_of_one_service_are_refused_and_the_first_is_undone(embedded: Bench) -> None:
    experiment = broken_by(fault("hang"), fault("hang"))
    experiment["steady-state-hypothesis"]["probes"][0]["provider"]["arguments"]["within"] = 3
    run = embedded.run(experiment)
    assert run.verdict["verdict"] != "PASS"
    assert "product is paused" in run.said
    assert run.lines("faults.jsonl")[-1]["by"] == "the end of the run"
