"""The embedded target's supervisor: nothing outlives it, and what goes wrong is one sentence."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from probes.errors import ConfigurationError, StackNotUp, TargetError
from probes.targets.api import Event
from probes.targets.embedded import EmbeddedTarget
from probes.targets.embedded.identity import marked
from probes.targets.embedded.link import Link

pytestmark = pytest.mark.embedded

Make = Callable[..., EmbeddedTarget]
SLEEP = "    command: [sleep, '1000']\n"


def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Targets on a Compose file given as text; all taken down afterwards."""
    made: list[EmbeddedTarget] = []

    def build(services: str, *, own: bool = True) -> EmbeddedTarget:
        file = tmp_path / "compose.yaml"
        file.write_text(f"services:\n{services}", encoding="utf-8")
        target = EmbeddedTarget(
            "try", file, environment=dict(os.environ), own=own, state_dir=tmp_path / "state", die_with_parent=True
        )
        made.append(target)
        return target

    yield build
    for target in made:
        target.down()
    assert list(marked(tmp_path / "state")) == []


def _told(_: str) -> None:
    pass


def _supervisor(tmp_path: Path) -> psutil.Process:
    pid = Link(tmp_path / "state").pid
    assert pid is not None
    return psutil.Process(pid)


def test_a_killed_supervisor_takes_its_services_with_it_and_the_watcher_is_told_once(
    make: Make, tmp_path: Path
) -> None:
    target = make(f"  one:\n{SLEEP}  two:\n{SLEEP}")
    target.up(_told)
    failures: list[str] = []
    with target.watch(lambda _: None, failures.append):
        _supervisor(tmp_path).kill()
        eventually(lambda: list(marked(tmp_path / "state")) == [])
        eventually(lambda: bool(failures))
    assert len(failures) == 1
    assert "supervisor" in failures[0]
    assert not target.is_up()


def test_the_folder_of_a_killed_supervisor_is_noticed_and_cleared(make: Make, tmp_path: Path) -> None:
    target = make(f"  one:\n{SLEEP}")
    target.up(_told)
    (tmp_path / "state" / "data").mkdir(exist_ok=True)
    (tmp_path / "state" / "data" / "old").touch()
    _supervisor(tmp_path).kill()
    eventually(lambda: not target.is_up())
    assert target.instances("one") == ()
    target.up(_told)
    assert target.instances("one")[0].restart_count == 0
    assert not (tmp_path / "state" / "data" / "old").exists()


def test_a_folder_whose_pid_went_to_another_process_is_stale(make: Make, tmp_path: Path) -> None:
    target = make(f"  one:\n{SLEEP}")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "supervisor.json").write_text(f'{{"pid": {os.getpid()}, "ticks": 1}}', encoding="utf-8")
    assert not target.is_up()
    target.up(_told)
    assert target.is_up()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_supervisor_that_is_told_to_end_leaves_nothing(make: Make, tmp_path: Path, number: signal.Signals) -> None:
    # A child in a session of its own, and one that will not hear SIGTERM.
    target = make(
        "  one:\n    command: [sh, -c, \"setsid sleep 1000 & trap '' TERM; while :; do sleep 1; done\"]\n"
        "    stop_grace_period: 200ms\n"
    )
    target.up(_told)
    eventually(lambda: len(list(marked(tmp_path / "state"))) >= 2)
    supervisor = _supervisor(tmp_path)
    supervisor.send_signal(number)
    supervisor.wait(60)
    assert list(marked(tmp_path / "state")) == []


def test_services_end_with_the_process_that_brought_them_up_if_asked(make: Make, tmp_path: Path) -> None:
    target = make(f"  one:\n{SLEEP}")
    caller = (
        "import os, sys, time; from pathlib import Path; from probes.targets.embedded import EmbeddedTarget\n"
        f"EmbeddedTarget('try', Path({str(tmp_path / 'compose.yaml')!r}), environment=dict(os.environ), own=True, "
        f"state_dir=Path({str(tmp_path / 'state')!r}), die_with_parent=True).up(print)\n"
        "print('UP', flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", caller], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line.strip() == "UP" for line in process.stdout)
        assert target.is_up()
        process.kill()
    eventually(lambda: not target.is_up() and list(marked(tmp_path / "state")) == [])


def test_a_port_that_is_taken_is_named_with_its_holder_and_nothing_is_started(make: Make, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        target = make(f"  one:\n{SLEEP}    ports: ['127.0.0.1:{port}:{port}']\n")
        with pytest.raises(
            TargetError, match=rf"Port {port} .*service one.*process {os.getpid()}.*nothing was started"
        ):
            target.up(_told)
    assert not (tmp_path / "state").exists()


def test_a_service_that_never_gets_healthy_is_named_with_its_last_words(make: Make, tmp_path: Path) -> None:
    target = make(
        "  one:\n    command: [sh, -c, 'echo no catalogue today; sleep 1000']\n"
        "    healthcheck: {test: 'false', interval: 50ms, retries: 2}\n"
    )
    with pytest.raises(TargetError, match=r"service one .*unhealthy.*no catalogue today"):
        target.up(_told)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("command", ["[sh, -c, 'echo out of sorts; exit 3']", "[no-such-program]"])
def test_a_service_that_ends_at_once_is_named(make: Make, tmp_path: Path, command: str) -> None:
    target = make(
        f"  one:\n    command: {command}\n    healthcheck: {{test: 'true', interval: 1s}}\n    restart: always\n"
    )
    with pytest.raises(TargetError, match=r"service one .*last exit code (3|127).*(out of sorts|no-such-program)"):
        target.up(_told)
    assert not (tmp_path / "state").exists()


def test_an_interrupted_start_leaves_nothing(make: Make, tmp_path: Path) -> None:
    target = make(f"  one:\n{SLEEP}    healthcheck: {{test: 'true', interval: 60s}}\n")

    def interrupt(line: str) -> None:
        if "one" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target.up(interrupt)
    assert not (tmp_path / "state").exists()


def test_without_a_restart_policy_a_crash_stays_down(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}    restart: 'no'\n  two:\n{SLEEP}    restart: always\n")
    target.up(_told)
    for name in ("one", "two"):
        target.crash(target.instances(name)[0])
    eventually(lambda: target.instances("two")[0].restart_count == 1)
    eventually(lambda: target.instances("one")[0].state == "stopped")
    assert target.instances("one")[0].restart_count == 0
    assert target.instances("one")[0].exit_code == 137


def test_a_crash_is_restarted_while_another_service_takes_long_to_stop(make: Make) -> None:
    target = make(
        "  slow:\n    command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]\n"
        "    stop_grace_period: 100s\n"
        f"  one:\n{SLEEP}    restart: always\n"
    )
    target.up(_told)
    stopping = threading.Thread(target=lambda: target.stop(target.instances("slow")[0]))
    stopping.start()
    events: list[Event] = []
    try:
        with target.watch(events.append, pytest.fail):
            eventually(lambda: any(event.kind == "kill" and event.service == "slow" for event in events))
            target.crash(target.instances("one")[0])
            eventually(lambda: target.instances("one")[0].restart_count == 1)
            assert target.instances("slow")[0].state == "running"
        target._link.ask("kill", "slow")
    finally:
        stopping.join()


def test_a_service_waits_for_the_health_of_what_it_needs(make: Make) -> None:
    target = make(
        f"  late:\n{SLEEP}    depends_on: {{early: {{condition: service_healthy}}}}\n"
        f"  early:\n{SLEEP}    healthcheck: {{test: 'true', interval: 300ms}}\n"
    )
    lines: list[str] = []
    target.up(lines.append)
    assert lines.index("early: healthy") < lines.index("late: running")


def test_what_is_not_up_says_so(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}", own=False)
    assert not target.is_own
    assert target.services() == ("one",)
    assert target.instances("one") == ()
    with pytest.raises(StackNotUp, match="not up"), target.watch(lambda _: None, lambda _: None):
        pass
    target.down()


def test_no_path_is_too_long_for_the_socket(make: Make, tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    deep.mkdir(parents=True)
    make(f"  one:\n{SLEEP}")
    target = EmbeddedTarget(
        "try", tmp_path / "compose.yaml", environment=dict(os.environ), state_dir=deep / "state", die_with_parent=True
    )
    with contextlib.ExitStack() as stack:
        stack.callback(target.down)
        target.up(_told)
        assert target.instances("one")[0].state == "running"


def test_a_sink_that_fails_is_told_and_ends_the_watch_cleanly(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}")
    target.up(_told)
    failures: list[str] = []

    def full(_: Event) -> None:
        raise OSError("the disk is full")

    with target.watch(full, failures.append):
        target.crash(target.instances("one")[0])
        eventually(lambda: bool(failures))
    assert len(failures) == 1
    assert "the disk is full" in failures[0]


def test_what_is_up_already_is_left_as_it_is(make: Make) -> None:
    target = make(f"  one:\n{SLEEP}    restart: always\n")
    target.up(_told)
    target.crash(target.instances("one")[0])
    eventually(lambda: target.instances("one")[0].restart_count == 1)
    target.up(_told)
    assert target.instances("one")[0].restart_count == 1


def test_a_folder_with_somebodys_files_is_refused_and_kept(make: Make, tmp_path: Path) -> None:
    target = make(f"  one:\n{SLEEP}")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "thesis.tex").touch()
    with pytest.raises(ConfigurationError, match="not the embedded target's"):
        target.up(_told)
    target.down()
    assert (tmp_path / "state" / "thesis.tex").exists()
