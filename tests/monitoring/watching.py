"""A real Prometheus on the real stack, and what the dashboard asks it."""

import json
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests
from harness import ROOT, Bench, free_ports

MONITORING = ROOT / "stack" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana/dashboards/ha-status.json").read_text(encoding="utf-8"))
Series = dict[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Prometheus:
    """Its address; asks as Grafana does."""

    url: str

    def now(self, expression: str) -> dict[str, float]:
        """The value of each series, by its labels that the dashboard shows."""
        return {_name(one): float(one["value"][1]) for one in self._ask("query", query=expression)}

    def over(self, expression: str, begin: float, end: float) -> Series:
        found = self._ask("query_range", query=expression, start=begin, end=end, step=1)
        return {_name(one): [(float(at), float(value)) for at, value in one["values"]] for one in found}

    def _ask(self, what: str, **how: Any) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/api/v1/{what}", params=how, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


def _name(series: dict[str, Any]) -> str:
    labels = series["metric"]
    return str(labels.get("service") or labels.get("breaker") or "")


@contextmanager
def prometheus(bench: Bench, folder: Path) -> Iterator[Prometheus]:
    """Debian's, started as its container starts it."""
    port = free_ports(1)[0]
    hosts = {f"{name}_HOST": "127.0.0.1" for name in ("STOREFRONT", "PRODUCT", "ORDER", "FULFILMENT")}
    ours = {"PROMETHEUS_PORT": str(port), "PROMETHEUS_DATA": str(folder / "data"), "LISTEN_HOST": "127.0.0.1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [MONITORING / "start"], env={**bench.environment, **hosts, **ours}, cwd=folder, stdout=log, stderr=log
        )
    one = Prometheus(f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: len([up for up in one.now('up{job="stehauf"}').values() if up == 1]) == 4)
        yield one
    finally:
        process.terminate()
        process.wait(30)


def eventually(condition: Callable[[], object], within: float = 60) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(requests.RequestException, KeyError):  # not ready yet, no series yet
            if condition():
                return
        time.sleep(0.2)
    raise AssertionError(f"not within {within} s: {condition}")


@contextmanager
def shopping(shop: str) -> Iterator[None]:
    """Twenty requests a second, one in four of them an order."""
    over = threading.Event()

    def shop_on() -> None:
        with requests.Session() as session:
            number = 0
            while not over.wait(0.05):
                number += 1
                with suppress(requests.RequestException):
                    if number % 4:
                        session.get(f"{shop}/api/products", timeout=2)
                    else:
                        items = [{"product_id": "tumbler-moon", "quantity": 1}]
                        session.post(f"{shop}/api/orders", json={"id": str(uuid.uuid4()), "items": items}, timeout=2)

    thread = threading.Thread(target=shop_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def crash(port: int) -> None:
    """SIGKILL to the process that listens on a port of this machine."""
    _listener(port).kill()


@contextmanager
def suspended(port: int) -> Iterator[None]:
    """Who listens there hangs for a while."""
    process = _listener(port)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def _listener(port: int) -> psutil.Process:
    for connection in psutil.net_connections("tcp4"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise AssertionError(f"nobody listens on {port}")


def panels() -> dict[str, list[tuple[str, str]]]:
    """Legend and PromQL of each panel, by title; annotations that are made of a metric, too."""
    annotations = {one["name"]: [("", one["expr"])] for one in DASHBOARD["annotations"]["list"] if "expr" in one}
    shown = {
        panel["title"]: [(target["legendFormat"], target["expr"]) for target in panel["targets"]]
        for panel in DASHBOARD["panels"]
    }
    return {**shown, **annotations}


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
