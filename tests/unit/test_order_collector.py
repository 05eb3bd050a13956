"""The list of fulfilments is closed when nothing can come any more; a question is about when it was asked."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from probes.run.orders import REDELIVERY_S, OrderCollector


class Floor:
    """A fulfilment service: what it fulfilled, under a real URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made: list[dict[str, Any]] = []


@pytest.fixture
def floor() -> Iterator[Floor]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"fulfilments": found.made}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        found = Floor(f"http://127.0.0.1:{server.server_port}/fulfilments")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def line(path: Path, **values: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")


def collector(floor: Floor, folder: Path) -> OrderCollector:
    return OrderCollector(floor.url, folder, lambda name, values: line(folder / name, **values))


def test_orders_are_counted_as_they_stood_when_the_question_was_asked(floor: Floor, tmp_path: Path) -> None:
    ledger = tmp_path / "samples" / "orders-1.jsonl"
    for number, (id_, outcome) in enumerate({"a": "acknowledged", "b": "acknowledged", "r": "refused"}.items()):
        line(ledger, id=id_, at_ns=number, outcome=outcome)
    line(ledger, id="later", at_ns=100, outcome="acknowledged")
    line(tmp_path / "orders.jsonl", id="own", at_ns=3, outcome="acknowledged")
    floor.made = [{"id": id_, "at_ns": 20} for id_ in ("a", "r", "r", "nobody's", "own")]
    floor.made.append({"id": "in the midst of it", "at_ns": 60})
    count = collector(floor, tmp_path).collect(before_ns=50)
    assert (count.waiting, count.duplicated, count.unexpected) == (1, 1, 2)
    assert collector(floor, tmp_path).collect().unexpected == 3


def test_the_list_is_not_closed_before_a_second_delivery_could_be_seen(floor: Floor, tmp_path: Path) -> None:
    line(tmp_path / "samples" / "orders-1.jsonl", id="a", at_ns=1, outcome="acknowledged")
    floor.made = [{"id": "a", "at_ns": 2}]
    fault_ns = time.time_ns() - int((REDELIVERY_S - 1) * 1e9)
    line(tmp_path / "faults.jsonl", at_ns=fault_ns)
    collector(floor, tmp_path).finish()
    assert time.time_ns() >= fault_ns + REDELIVERY_S * 1e9
    assert json.loads((tmp_path / "fulfilments.jsonl").read_text().splitlines()[-1]) == {"complete": True}


def test_without_a_fault_nobody_waits(floor: Floor, tmp_path: Path) -> None:
    collector(floor, tmp_path).finish(within=60)
    assert (tmp_path / "fulfilments.jsonl").read_text() == '{"complete": true}\n'
