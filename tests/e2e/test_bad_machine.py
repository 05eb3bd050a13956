"""What a machine can lack or refuse is one sentence, in bounded time: engine, Compose, room, a proxy that is dead."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, eventually
from refusals import assert_refused, left_by, output
from test_interruptions import WAITS, leftovers, read_until

from experiments import action, smallest

BOTH = pytest.mark.parametrize(
    "bench",
    [pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("docker", marks=pytest.mark.docker)],
    indirect=True,
)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """A socket that accepts and never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "silent.sock"))
        listener.listen(16)
        yield f"unix://{tmp_path}/silent.sock"


@pytest.mark.parametrize("bench", ["docker"], indirect=True)
def test_an_engine_that_does_not_answer_is_given_up(bench: Bench, silent: str) -> None:
    began = time.monotonic()
    assert_refused(bench.run(smallest(), DOCKER_HOST=silent), silent, "said nothing", "make docker-engine")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("bench", ["docker"], indirect=True)
@pytest.mark.parametrize(
    ("host", "why"), [("unix:///nowhere/docker.sock", "no such socket"), ("tcp://127.0.0.1:1", "refused")]
)
def test_no_engine_at_all(bench: Bench, host: str, why: str) -> None:
    assert_refused(bench.run(smallest(), DOCKER_HOST=host), host, why, "make docker-engine", "embedded")


def test_without_a_target_asked_for_a_dead_engine_is_passed_over_in_words(bench: Bench, silent: str) -> None:
    run = bench.chaos("stack", "status", DOCKER_HOST=silent, STEHAUF_TARGET="")
    assert run.code == 0, run.output
    assert "embedded" in run.output
    assert "make docker-engine" in run.output


@pytest.mark.docker
@pytest.mark.parametrize("bench", ["docker"], indirect=True)
def test_an_engine_without_compose(bench: Bench) -> None:
    bench.folder.mkdir(exist_ok=True)
    fake = bench.folder / "docker"
    fake.write_text("#!/bin/sh\necho \"docker: 'compose' is not a docker command.\" >&2\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    path = f"{bench.folder}:{bench.environment['PATH']}"
    for arguments in (["run", str(bench.write(smallest()))], ["stack", "up"]):
        assert_refused(bench.chaos(*arguments, PATH=path), "Compose v2", "not there", "make docker-engine")
    assert left_by(bench) == []


@pytest.mark.embedded
def test_a_dead_proxy_does_not_stand_before_loopback(embedded: Bench) -> None:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    experiment = smallest()
    http = {"type": "http", "url": "${shop}/api/products", "timeout": 2}
    experiment["steady-state-hypothesis"]["probes"].append(
        {"name": "answers", "type": "probe", "tolerance": 200, "provider": http}
    )
    observed = experiment["controls"][0]["provider"]["arguments"]
    observed |= {"breakers": "${shop}/breakers", "load": {"host": "${shop}", "users": 2}}
    embedded.passes(experiment, **dict.fromkeys(names, "http://127.0.0.1:1"), NO_PROXY="", no_proxy="")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 60 MB."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=60m", "stehauf-test", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        output("umount", str(folder))


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            return


@pytest.mark.embedded
def test_a_disk_that_is_full_before_is_refused(bench: Bench) -> None:
    with small_disk(bench.folder / "disk") as disk:
        fill(disk)
        assert_refused(bench.run(smallest(), STEHAUF_RUNS=str(disk / "runs")), "STEHAUF_RUNS", "room")
    assert left_by(bench) == []


@pytest.mark.embedded
@pytest.mark.parametrize("position", [0, 1], ids=["before the fault", "after the fault"])
def test_a_disk_that_fills_while_recording_ends_the_run(embedded: Bench, tmp_path: Path, position: int) -> None:
    experiment = smallest()
    waits: dict[str, Any] = action("waits", {**WAITS, "arguments": "6"})
    experiment["method"].insert(position, waits)
    with small_disk(tmp_path / "disk") as disk:
        arguments = ("run", str(embedded.write(experiment)))
        with embedded.started(*arguments, STEHAUF_RUNS=str(disk / "runs")) as process:
            said = read_until(process, "Action: waits")
            fill(disk)
            rest, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in rest
    assert "STEHAUF_RUNS" in rest
    assert "PASS  " not in rest
    assert ("was made to crash" in said + rest) == (position == 1)
    assert eventually(lambda: leftovers(embedded) == [])
    assert "product       running       healthy" in embedded.chaos("stack", "status").output


@pytest.mark.embedded
def test_of_two_runs_begun_at_once_exactly_one_runs(embedded: Bench) -> None:
    runs = Path(embedded.environment["STEHAUF_RUNS"])
    before = set(runs.glob("2*")) if runs.exists() else set()
    arguments = ("run", str(embedded.write(smallest())))
    with embedded.started(*arguments) as one, embedded.started(*arguments) as other:
        said = {process.communicate(timeout=120)[0]: process.returncode for process in (one, other)}
    refused = [text for text, code in said.items() if code != 0]
    assert len(refused) == 1, said
    assert_refused(embedded.result(1, refused[0]), "held by", "wait")
    assert len(set(runs.glob("2*")) - before) == 1


@pytest.mark.embedded
@pytest.mark.parametrize("away", ["breakers", "orders"])
def test_evidence_that_does_not_answer_from_the_beginning_ends_the_run(embedded: Bench, away: str) -> None:
    experiment = smallest()
    experiment["controls"][0]["provider"]["arguments"][away] = "http://127.0.0.1:1/"
    run = embedded.run(experiment)
    assert run.code != 0
    assert run.verdict["verdict"] == "INCONCLUSIVE"
    assert f"the argument {away} of probes.control" in run.said
    assert "the connection was refused" in run.said
    assert "Traceback" not in run.output
    assert "Fault:" not in run.output
    assert eventually(lambda: leftovers(embedded) == [])


@pytest.mark.embedded
def test_users_who_never_had_an_answer_give_no_pass(embedded: Bench) -> None:
    experiment = smallest()
    experiment["controls"][0]["provider"]["arguments"]["canaries"] = [{"name": "shop", "url": "http://127.0.0.1:1/"}]
    experiment["method"][1]["provider"]["arguments"]["timeout"] = 3
    run = embedded.run(experiment)
    assert run.code != 0
    assert run.verdict["verdict"] == "FAIL"
    assert "Traceback" not in run.output
    assert eventually(lambda: leftovers(embedded) == [])


@pytest.mark.embedded
def test_the_stack_is_not_taken_down_under_a_run(embedded: Bench) -> None:
    experiment = smallest()
    experiment["method"].insert(0, action("waits", {**WAITS, "arguments": "8"}))
    with embedded.started("run", str(embedded.write(experiment))) as process:
        read_until(process, "Action: waits")
        down = embedded.chaos("stack", "down")
        rest, _ = process.communicate(timeout=120)
    assert_refused(down, "held by", "-experiment", "wait")
    assert "product was made to crash" in rest


@BOTH
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("command", ["run", "up"])
def test_an_interruption_while_the_stack_comes_up_leaves_nothing(
    bench: Bench, number: signal.Signals, command: str
) -> None:
    arguments = ["stack", "up"] if command == "up" else ["run", str(bench.write(smallest()))]
    begun = "product: starting" if bench.target == "embedded" else "product-1 is started"
    with bench.started(*arguments) as process:
        read_until(process, begun)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in rest
    assert left_by(bench) == []


@pytest.mark.parametrize(
    "name", [pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("docker", marks=pytest.mark.docker)]
)
def test_up_twice_says_so(request: pytest.FixtureRequest, name: str) -> None:
    bench: Bench = request.getfixturevalue(name)
    run = bench.chaos("stack", "up")
    assert run.code == 0
    assert "up already" in run.output


@BOTH
def test_down_where_nothing_is_up_is_no_error(bench: Bench) -> None:
    run = bench.chaos("stack", "down")
    assert run.code == 0, run.output
    assert "down" in run.output
    assert left_by(bench) == []
