"""Grafana is told when an experiment begins and ends, and a run never waits for it."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from probes.run.annotations import Annotations
from probes.settings import Settings


@pytest.fixture
def grafana() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append({"path": self.path, **body})
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    server.server_close()


def test_beginning_and_end_are_marked(grafana: tuple[str, list[dict[str, Any]]]) -> None:
    url, told = grafana
    marks = Annotations(url, "product dies")
    marks.began()
    marks.ended()
    assert [(one["path"], one["text"], one["tags"]) for one in told] == [
        ("/api/annotations", "product dies: begins", ["stehauf", "experiment", "begins"]),
        ("/api/annotations", "product dies: ends", ["stehauf", "experiment", "ends"]),
    ]
    assert told[0]["time"] <= told[1]["time"]


def test_a_grafana_that_is_away_is_said_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    marks = Annotations("http://127.0.0.1:9", "product dies")
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        marks.began()
        marks.ended()
    assert len([record for record in caplog.records if "was not told" in record.message]) == 1


def test_without_a_grafana_nobody_is_asked() -> None:
    assert Settings.from_environment({}).grafana is None
    Annotations(None, "product dies").began()
