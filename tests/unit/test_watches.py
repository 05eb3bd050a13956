"""What a service called, and the neighbour table, as the watches write them down."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from probes.run.calls import CallWatch
from probes.run.neighbours import NeighbourWatch
from reports.evidence.reader import Evidence


class Service:
    """Lists calls as the agreement says; the test says which."""

    def __init__(self) -> None:
        self.boot, self.calls, self.status = "a", [[1, "product", 1_000, 3_000_999, 200, "good"]], 200
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                after = int(self.path.partition("after=")[2])
                calls = [call for call in service.calls if call[0] > after]
                last = service.calls[-1][0] if service.calls else 0
                body = json.dumps({"boot": service.boot, "last": last, "calls": calls}).encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/calls"


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


def watched(service: Service, directory: Path, then: Any) -> tuple[Evidence, list[tuple[str, str]]]:
    """The evidence of a watch that began, after which something happened, and that ended."""
    problems: list[tuple[str, str]] = []
    watch = CallWatch(service.url, directory / "samples", "calls-1", lambda what, why: problems.append((what, why)))
    watch.start()
    then()
    watch.stop()
    return Evidence(directory), problems


def test_calls_from_before_are_not_written_and_later_ones_are(service: Service, tmp_path: Path) -> None:
    later = [[2, "product", 5_000_000, 8_000_999, 0, "failed"], [3, "order", 6_000_000, 9_000_000, 201, "cancelled"]]
    evidence, problems = watched(service, tmp_path, lambda: service.calls.extend(later))
    file = evidence.calls[service.url]
    assert [tuple(row) for row in file.table[["due_ns", "latency_us", "status", "flags", "name"]]] == [
        (5_000_000, 3_000, 0, 4, 0),
        (6_000_000, 3_000, 201, 8, 1),
    ]
    assert (file.about or {})["names"] == ["product", "order"]
    assert (file.about or {})["lost"] == 0
    assert (problems, evidence.damage, evidence.sources) == ([], (), {})


def test_a_number_that_is_missing_is_a_call_that_was_lost(service: Service, tmp_path: Path) -> None:
    evidence, _ = watched(service, tmp_path, lambda: service.calls.append([4, "product", 1, 2, 200, "good"]))
    assert (evidence.calls[service.url].about or {})["lost"] == 2


def test_a_restart_of_the_caller_takes_its_last_calls_with_it(service: Service, tmp_path: Path) -> None:
    def restart() -> None:
        service.boot, service.calls = "b", []

    evidence, _ = watched(service, tmp_path, restart)
    assert (evidence.calls[service.url].about or {})["lost"] == 1


def test_a_list_that_does_not_answer_at_the_end_is_a_problem(service: Service, tmp_path: Path) -> None:
    _, problems = watched(service, tmp_path, lambda: setattr(service, "status", 500))
    assert [what for what, _ in problems] == [f"the calls at {service.url}"]


HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
GATEWAY = "10.0.0.1         0x1         0x2         02:00:00:00:00:01     *        eth0\n"


def test_of_the_neighbour_table_only_what_was_once_unresolved_is_written(tmp_path: Path) -> None:
    table, written = tmp_path / "arp", []
    watch = NeighbourWatch(lambda _file, line: written.append(line), table)
    for flags in ("0x2", "0x0", "0x0", "0x2", None):
        row = f"172.18.0.2 0x1 {flags} 02:42:ac:12:00:02 * br-1\n" if flags else ""
        table.write_text(HEAD + GATEWAY + row)
        watch.read()
    table.unlink()
    watch.read()
    assert [(line["address"], line["device"], line["resolved"]) for line in written] == [
        ("172.18.0.2", "br-1", False),
        ("172.18.0.2", "br-1", True),
        ("172.18.0.2", "br-1", None),
    ]
