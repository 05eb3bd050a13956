"""Ctrl-C and SIGTERM at any moment: undone, the load gone, a report as far as it got, non-zero."""

import signal
import time
from pathlib import Path

import pytest
from harness import Bench, Run, eventually, is_busy, leftovers, read_until

from experiments import action, smallest

pytestmark = pytest.mark.embedded

WAITS = {"type": "process", "path": "sleep", "arguments": "60"}


def interrupted(bench: Bench, at: str, number: int, times: int = 1) -> tuple[Run, float]:
    """Run the waiting experiment, signal it when it says `at`; the run, and when it was signalled."""
    experiment = smallest()
    experiment["method"].insert(1, action("waits", WAITS))
    experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
    with bench.started("run", str(bench.write(experiment))) as process:
        said = read_until(process, at)
        for _ in range(times):
            process.send_signal(number)
            time.sleep(0.2)  # two signals at once would be one
        rest, _ = process.communicate(timeout=120)
    return bench.result(process.returncode, said + rest), time.time()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("at", ["Load: starting", "Fault: product was made to crash", "Action: waits"])
def test_an_interruption_is_inconclusive_and_leaves_nothing(
    embedded: Bench, python: Path, number: signal.Signals, at: str
) -> None:
    bench = embedded.with_python(python)
    run, _ = interrupted(bench, at, number)
    assert run.code != 0, run.output
    assert run.verdict["verdict"] == "INCONCLUSIVE", run.said
    assert number.name in run.said
    assert "Traceback" not in run.output
    assert (run.directory / "report.html").exists()
    assert eventually(lambda: leftovers(bench) == [])
    state = bench.chaos("stack", "status")
    assert "product" in state.output
    assert "stopped" not in state.output


def test_a_second_signal_does_not_skip_the_undo(embedded: Bench) -> None:
    run, _ = interrupted(embedded, "Action: waits", signal.SIGINT, times=3)
    assert run.code != 0
    assert run.verdict["verdict"] == "INCONCLUSIVE"
    assert eventually(lambda: leftovers(embedded) == [])


def test_an_interruption_while_the_stack_comes_up_takes_it_down_again(bench: Bench) -> None:
    run, _ = interrupted(bench, "Stack:", signal.SIGTERM)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    status = bench.chaos("stack", "status")
    assert "not up" in status.output


def test_a_run_that_is_killed_leaves_no_load_and_the_next_one_heals(embedded: Bench) -> None:
    experiment = smallest()
    experiment["method"] = [experiment["method"][0], action("waits", WAITS)]
    with embedded.started("run", str(embedded.write(experiment))) as process:
        read_until(process, "Action: waits")
        process.kill()
        process.wait()
    assert eventually(lambda: leftovers(embedded) == [])
    run = embedded.run(smallest())
    assert run.code == 0 or is_busy(run.said), run.output
    assert "Healed what an earlier run left behind" in run.output


def test_two_runs_at_once_the_second_is_refused_by_name(embedded: Bench) -> None:
    experiment = smallest()
    experiment["method"].insert(1, action("waits", WAITS))
    with embedded.started("run", str(embedded.write(experiment, "first.json"))) as first:
        read_until(first, "Action: waits")
        second = embedded.run(smallest())
        assert second.code != 0
        assert "-first" in second.output, second.output
        assert second.directory is None
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=120)
    again = embedded.run(smallest())
    assert again.code == 0 or is_busy(again.said), again.output
