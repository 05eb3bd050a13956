"""Requests that a load generator makes a second of its core, and how well the canary keeps its schedule beside it.

The generators take turns, each pinned to one core, against one server that is not their limit. Requests are counted
by the server, and divided by the CPU time that the generator used for them: on a core of its own that is requests a
second, and on a busy machine it is still the same. Ours follows a schedule, with recording, at four fifths of what it
can do at most: at its utmost it would be late all the time.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

from benchmarks.table import Row
from reports.evidence.tables import TABLE

__all__ = ["measure"]

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
ROUNDS, SECONDS, WARM_S = 3, 3.0, 1.0
USERS, TOO_MUCH = 50, 60_000
SHARE = 0.8
AIM_MS = 5.0
PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"
WHAT = "requests a second of one core: our open-loop generator, with recording"


def measure() -> list[Row]:
    """Ours against FastHttpUser, HttpUser and, where it is installed, wrk; and the canary's schedule."""
    quiet = os.getloadavg()[0] < (os.cpu_count() or 1)
    with _server() as url:
        rounds = [_round(url) for _ in range(ROUNDS)]
        lag_ms = _canary_lag_ms(url)
    ours, fast, plain, wrk = ([one[name] for one in rounds] for name in ("ours", "fast", "plain", "wrk"))
    rate = statistics.median(ours)
    rows = [
        _row("Locust FastHttpUser, no recording", rate, fast, 1.2),
        _row("Locust HttpUser, no recording", rate, plain, 6.0),
    ]
    if all(wrk):
        rows.append(_row("wrk, one thread", rate, wrk, None))
    else:
        rows.append(Row(WHAT, "wrk: not installed (apt-get install wrk)", round(rate), None, "/s", "", None))
    told = "canary schedule error at 50/s under full load, p99"
    against = "–" if quiet else "a machine that was busy with other things: nothing can be told"
    return [*rows, Row(told, against, round(lag_ms, 2), None, "ms", "≤ 5 ms", lag_ms <= AIM_MS if quiet else None)]


def _row(against: str, ours: float, theirs: list[float], aim: float | None) -> Row:
    other = statistics.median(theirs)
    met = None if aim is None else ours >= aim * other
    return Row(WHAT, against, round(ours), round(other), "/s", "" if aim is None else f"≥ {aim:g} ×", met)


def _round(url: str) -> dict[str, float]:
    """One turn of each."""
    closed = ("-u", str(USERS), "-r", str(USERS))
    wrk = shutil.which("wrk")
    return {
        "fast": _counted(url, _locust("fast", url, *closed)),
        "ours": _kept(url),
        "plain": _counted(url, _locust("plain", url, *closed)),
        "wrk": _counted(url, [wrk, "-t1", f"-c{USERS}", "-d60s", f"{url}/api/products"]) if wrk else 0.0,
    }


def _kept(url: str) -> float:
    """Requests a CPU second at four fifths of the most that it can make."""
    with tempfile.TemporaryDirectory() as folder:
        most = _counted(url, _locust("ours", url, "--arrivals", str(TOO_MUCH), "--evidence", f"{folder}/most"))
        return _counted(url, _locust("ours", url, "--arrivals", f"{SHARE * most:.0f}", "--evidence", f"{folder}/kept"))


def _canary_lag_ms(url: str) -> float:
    """Milliseconds by which 99 of 100 of the canary's requests are late at most, beside a load that fills a core."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "loadtest/canary.py", "--evidence", folder, "--target", f"shop={url}/api/products"]
        fast = _locust("fast", url, "-u", str(USERS), "-r", str(USERS))
        with _started(fast, core=1), _started(command, core=None):
            time.sleep(WARM_S + 3 * SECONDS)
        path = next(Path(folder).glob("canary-*.samples"))
        return float(np.percentile(np.fromfile(path, TABLE)["lag_100us"][50:], 99)) / 10


def _counted(url: str, command: list[str]) -> float:
    """Requests that the server answered while the generator ran warm, a second of the CPU time that this took it."""
    begun = _answered(url)
    with _started(command, core=1) as process:
        until = time.monotonic() + 30
        while _answered(url) == begun:
            if time.monotonic() > until:
                raise RuntimeError(f"{' '.join(command)} made no request within 30 s")
            time.sleep(0.1)
        time.sleep(WARM_S)
        before, used = _answered(url), _cpu_s(process.pid)
        time.sleep(SECONDS)
        return (_answered(url) - before) / (_cpu_s(process.pid) - used)


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _answered(url: str) -> int:
    with urllib.request.urlopen(f"{url}/count", timeout=30) as answer:  # noqa: S310 - our own server
        return int(json.load(answer))


def _locust(name: str, url: str, *arguments: str) -> list[str]:
    file = HERE / "locustfiles" / f"{name}.py"
    return [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary", "--host", url, *arguments]


@contextmanager
def _started(command: list[str], core: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """A process on a core of its own, where there are several; it is stopped at the end."""
    cores = sorted(os.sched_getaffinity(0))
    pinned = (
        [sys.executable, "-c", PINNED, str(cores[core]), *command] if core is not None and len(cores) > 1 else command
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "loadtest")}
    process = subprocess.Popen(pinned, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _started([sys.executable, str(HERE / "server.py"), str(port)], core=0):
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + 10
        while True:
            try:
                _answered(url)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield url


if __name__ == "__main__":
    for row in measure():
        print(row)
