"""The receiver of traces beside a run: whatever becomes of it, the run goes on and knows what it lacks."""

import http.client
import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest

from probes.run.traces import Receiver
from probes.targets.memory import MemoryTarget


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def receiver(port: int, folder: Path) -> Receiver:
    return Receiver(MemoryTarget(time.time_ns), "shop", port, folder)


def never() -> None:
    """Nothing else goes wrong meanwhile."""


def test_it_listens_and_ends_without_a_word(port: int, tmp_path: Path) -> None:
    one = receiver(port, tmp_path)
    one.listen(never)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/traces", b"")
    assert connection.getresponse().status == 200
    connection.close()
    one.finish()
    assert one.missing is None


def test_a_port_that_is_taken_is_no_reason_to_stop(port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", port)):
        one = receiver(port, tmp_path)
        one.listen(never)
        one.finish()
    assert one.missing
    assert f"127.0.0.1:{port}" in one.missing
    assert "set OTLP_PORT to another one" in one.missing
    assert "the report will lack some or all" in caplog.text


def test_killed_meanwhile_it_is_missed_at_the_end(port: int, tmp_path: Path) -> None:
    one = receiver(port, tmp_path)
    one.listen(never)
    below = ((child, child.as_dict(["cmdline"])["cmdline"] or []) for child in psutil.Process().children())
    (process,) = (
        child for child, command in below if str(tmp_path) in " ".join(command)
    )  # one that has ended has none
    os.kill(process.pid, signal.SIGKILL)
    one.finish()
    assert one.missing
    assert "exit code -9" in one.missing


def test_what_stops_the_run_stops_the_waiting(port: int, tmp_path: Path) -> None:
    def broken() -> None:
        raise RuntimeError("the disk is full")

    one = receiver(port, tmp_path)
    with pytest.raises(RuntimeError, match="full"):
        one.listen(broken)
    one.finish()
