"""What tracing costs: the same requests through a storefront with and one without it, side by side, in turns.

Three pairs of storefront and product run as processes on this machine: without tracing, with it as it is set by
default (25 requests a second), and with every request traced. A round asks one pair after the other, so that whatever
else the machine does hits all. CPU time is that of both processes of a pair, the exporting included; a traced request
makes three spans. Ratios travel between machines, absolute times do not.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 30
ROUNDS = 10
REQUESTS = 300
SET_UP_S = 4.0
"""Tracing begins only a second after a service listens."""
DRAIN_S = 0.6
"""Longer than the exporter waits for a batch: what a round made is exported in that round."""


@dataclass
class Pair:
    """A storefront and its product service."""

    name: str
    pids: tuple[int, int]
    connection: http.client.HTTPConnection
    cpu_us: list[float] = field(default_factory=list)
    latency_us: list[float] = field(default_factory=list)

    def round(self, requests: int) -> None:
        """Ask so many times, one after the other; keeps CPU time and median latency of a request."""
        before, latencies = self._cpu_ns(), []
        for _ in range(requests):
            began = time.perf_counter_ns()
            self.connection.request("GET", "/api/products")
            body = self.connection.getresponse().read()
            latencies.append((time.perf_counter_ns() - began) / 1e3)
            if b'"degraded": false' not in body:
                raise RuntimeError(f"{self.name}: the storefront answered {body[:100]!r}")
        time.sleep(DRAIN_S)
        self.cpu_us.append((self._cpu_ns() - before) / 1e3 / requests)
        self.latency_us.append(statistics.median(latencies))

    def _cpu_ns(self) -> int:
        # the clock of another process' CPU time: clock_getcpuclockid(3)
        return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in self.pids)


def measure() -> list[Row]:
    """CPU time and median latency of a request, and a service's start, each with tracing against without."""
    with ExitStack() as opened:
        endpoint = opened.enter_context(receiver())
        off = opened.enter_context(pair("off", ""))
        on = opened.enter_context(pair("by default", endpoint))
        every = opened.enter_context(pair("every request", endpoint, TRACES_PER_SECOND="1000000"))
        for _ in range(ROUNDS + 1):
            for one in (off, on, every):
                one.round(REQUESTS)
    return [*(row for one in (on, every) for row in compared(off, one)), starts()]


def compared(off: Pair, on: Pair) -> Iterator[Row]:
    """Medians over the rounds, and in words how far the rounds' own ratios lie apart; the first round warms up."""
    for what, unit_of in (("CPU time", "cpu_us"), ("median latency", "latency_us")):
        without, with_ = getattr(off, unit_of)[1:], getattr(on, unit_of)[1:]
        ratios = sorted(b / a for a, b in zip(without, with_, strict=True))
        against = f"the same without; rounds {ratios[0]:.2f} to {ratios[-1]:.2f} ×"
        name = f"{what} of a request, traced: {on.name}"
        yield Row(name, against, statistics.median(with_), statistics.median(without), "µs", "said", met=None)


def starts(tries: int = 7) -> Row:
    """From the start of the product process to its first answer, in turns."""
    seconds: dict[str, list[float]] = {"off": [], "on": []}
    for _ in range(tries):
        for name, endpoint in (("off", ""), ("on", "http://127.0.0.1:9")):
            began = time.perf_counter()
            with service("product", endpoint, {}):
                seconds[name].append(time.perf_counter() - began)
    off, on = (statistics.median(seconds[name]) for name in ("off", "on"))
    return Row("start of product with tracing", "the same without", on, off, "s", "said", met=None)


@contextmanager
def pair(name: str, endpoint: str, **more: str) -> Iterator[Pair]:
    """A pair, up."""
    with service("product", endpoint, more) as (product, port):
        there = {
            "PRODUCT_HOST": "127.0.0.1",
            "PRODUCT_PORT": str(port),
            "BROKER_HOST": "127.0.0.1",
            "BROKER_PORT": "9",
            "CALL_TIMEOUT_S": "5",  # a machine that is busy for a moment is to give a slow answer, not a fallback
            **more,
        }
        with service("storefront", endpoint, there) as (storefront, front):
            connection = http.client.HTTPConnection("127.0.0.1", front, timeout=PATIENCE_S)
            time.sleep(SET_UP_S)
            yield Pair(name, (product, storefront), connection)
            connection.close()


@contextmanager
def service(name: str, endpoint: str, more: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A service as a process: its id and its port."""
    port = free_port()
    settings = {"PORT": str(port), "LISTEN_HOST": "127.0.0.1", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **more}
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with process(
        [sys.executable, "-m", f"services.{name}"], {**clean, "SSL_CERT_FILE": "/dev/null", **settings}
    ) as pid:
        answers(port)
        yield pid, port


@contextmanager
def receiver() -> Iterator[str]:
    """The run's own receiver of traces: its endpoint."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            str(ROOT / "loadtest/spans.py"),
            "--evidence",
            folder,
            "--listen",
            f"127.0.0.1:{port}",
        ]
        with process(command, dict(os.environ)):
            answers(port)
            yield f"http://127.0.0.1:{port}"


@contextmanager
def process(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """A process in the stack's folder, ended at the end."""
    running = subprocess.Popen(command, cwd=ROOT / "stack", env=environment, stdout=subprocess.DEVNULL)
    try:
        yield running.pid
    finally:
        running.kill()
        running.wait()


def answers(port: int) -> None:
    """Wait until something answers HTTP there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.002)
    raise RuntimeError(f"nothing answered on port {port} within {PATIENCE_S} s")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
