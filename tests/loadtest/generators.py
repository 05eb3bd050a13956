"""A shop to be loaded, that stalls and refuses on demand, and the generators as processes of their own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from reports.evidence.samples import RECORD

ROOT = Path(__file__).parents[2]
GENEROUS_S = 60.0
PRODUCTS = [{"id": "p1", "name": "Kreisel"}, {"id": "p2", "name": "Stehaufmännchen"}]
LIMITED = "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)); "
LIMITED += "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
PARENT = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait until the condition holds, and return what it gave."""
    until = time.monotonic() + GENEROUS_S
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.02)
    pytest.fail(f"waited {GENEROUS_S:.0f} s in vain: {what}")


class Shop(ThreadingHTTPServer):
    """The API of the demo shop as far as the load uses it, and what a test wants it to do."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.open = threading.Event()
        self.open.set()
        self.orders_open = threading.Event()
        self.orders_open.set()
        self.headers: dict[str, str] = {"X-Degraded": "false"}
        self.body: bytes | None = None
        self.answers: Callable[[int], str] = lambda _: "accepted"
        self.lock = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.orders: dict[str, str] = {}
        self.waiting = 0

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


ORDER_ANSWERS = {
    "accepted": (201, "accepted"),
    "queued": (202, "queued"),
    "refused": (503, "refused"),
    "invalid": (400, None),
    "unavailable": (503, None),
    "unconfirmed": (504, "unknown"),
    "broken": (500, None),
}


class Handler(BaseHTTPRequestHandler):
    """Answers as the shop says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Shop

    def do_GET(self) -> None:
        """Wait while the shop stalls, then answer by path."""
        self._count("GET")
        self.server.open.wait()
        if self.path == "/text":
            self._answer(200, b"hello")
        elif self.path == "/drop-second" and self.server.seen["GET"] % 2 == 0:
            self.close_connection = True
        elif self.path == "/missing":
            self._answer(404, b"{}")
        elif self.path == "/elsewhere":
            self._answer(302, b"{}", Location="http://192.0.2.1/")
        elif self.path == "/cut":
            self._answer(200, b"{", length=100)
            self.close_connection = True
        elif self.path.startswith("/api/products/"):
            self._answer(200, json.dumps({"id": self.path.rsplit("/", 1)[1]}).encode())
        elif self.path.startswith("/api/orders/"):
            self._answer(200, json.dumps({"id": self.path.rsplit("/", 1)[1], "state": "accepted"}).encode())
        else:
            document = {"products": PRODUCTS, "degraded": False, "as_of_ns": time.time_ns()}
            self._answer(200, self.server.body or json.dumps(document).encode())

    def do_POST(self) -> None:
        """Take an order, and answer as the shop says for its number."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            answer = self.server.answers(len(self.server.orders))
            self.server.orders[body["id"]] = answer
        self._count("POST")
        self.server.orders_open.wait()
        if answer == "aborted":
            self.close_connection = True
            return
        status, state = ORDER_ANSWERS[answer]
        self._answer(status, json.dumps({"id": body["id"], "state": state}).encode())

    def _count(self, method: str) -> None:
        with self.server.lock:
            self.server.seen[method] += 1

    def _answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response_only(status)
        for name, value in {**self.server.headers, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self._headers_buffer.append(b"\r\n" + body)
        self.flush_headers()


class Generator(subprocess.Popen[str]):
    """A generator that was started, with its output in files."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
        self.out, self.err = folder / "stdout", folder / "stderr"
        with self.out.open("w") as out, self.err.open("w") as err:
            super().__init__(command, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **(env or {})})

    @property
    def said(self) -> str:
        """What it wrote to stdout so far."""
        return self.out.read_text()

    @property
    def complained(self) -> str:
        """What it wrote to stderr so far."""
        return self.err.read_text()

    def ended(self) -> int:
        """Wait for its end; gives the exit code."""
        return self.wait(GENEROUS_S)

    def ready(self) -> None:
        """Wait for the canary's first samples."""
        wait_for(lambda: "ready\n" in self.said or self.poll() is not None, "ready")
        assert self.poll() is None, self.complained


def canary(folder: Path, *arguments: str) -> list[str]:
    """The canary's command line."""
    return [sys.executable, "loadtest/canary.py", "--evidence", str(folder), *arguments]


def locust(folder: Path, url: str, *arguments: str) -> list[str]:
    """The load's command line."""
    command = "-m locust -f loadtest/shop.py --headless --only-summary -u 10 -r 10 --exit-code-on-error 0"
    return [sys.executable, *command.split(), "--host", url, "--evidence", str(folder), *arguments]


@dataclass(frozen=True)
class Read:
    """A sample as read back."""

    due_ns: int
    latency_s: float
    lag_s: float
    status: int
    flags: int
    name: int
    content: int


def read_samples(folder: Path, name: str) -> tuple[dict[str, Any], list[Read]]:
    """The one sample file of that name: what its writer says, and the whole records."""
    path = next(iter(folder.glob(f"{name}-*.samples")), None)
    if path is None:
        return {}, []
    data = path.read_bytes()
    whole = data[: len(data) // RECORD.size * RECORD.size]
    samples = [Read(r[0], r[1] / 1e6, r[2] / 1e4, *r[3:]) for r in RECORD.iter_unpack(whole)]
    return json.loads(path.with_suffix(".json").read_text()), samples


def running(pid: int) -> bool:
    """Whether the process lives; one that nobody has reaped yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
