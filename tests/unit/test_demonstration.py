"""Who leads a demonstration: what is told, what is opened, and when, without a run behind it."""

import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from probes.demonstration.lead import Lead
from probes.demonstration.sights import sights
from probes.settings import Settings, can_show

RUN = """
print("[2026-01-01 00:00:00 INFO] Live: http://127.0.0.1:9/", flush=True)
for scene in ("normal", "loop", "deep"):
    print(f"[2026-01-01 00:00:00 INFO] Scene: {scene}", flush=True)
    for _ in range(9):
        print("\\x1b[32m[2026-01-01 00:00:00 INFO] Target: web died\\x1b[0m", flush=True)
print("[2026-01-01 00:00:00 WARNING] Rollbacks were explicitly requested to be played", flush=True)
print("no line of the log", flush=True)
print("[2026-01-01 00:00:00 INFO] Report: /runs/report.html", flush=True)
raise SystemExit(2)
"""


def lead(opened: list[str], **more: object) -> Lead:
    return Lead(
        command=[sys.executable, "-c", RUN],
        environment=os.environ,
        seconds={"normal": 61.0},
        language=str(more.pop("language", "en")),
        shop="http://127.0.0.1:8/",
        show=opened.append,
        deep=lambda: {"Jaeger": "http://127.0.0.1:7/"},
        **more,  # type: ignore[arg-type]
    )


def test_each_scene_is_told_once_and_opens_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[str] = []
    assert lead(opened).run() == 2, "the exit code is the run's own"
    said = capsys.readouterr().out
    assert "Act 1: normal operation  (1:01)" in said
    assert said.count("Target: web died") == 3, "once a scene"
    assert "explicitly requested" not in said
    assert "no line of the log" not in said
    assert said.rstrip().endswith("Report: /runs/report.html")
    assert opened == ["http://127.0.0.1:8/", "http://127.0.0.1:9/", "http://127.0.0.1:7/"]


def test_a_run_that_was_refused_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    one = lead([])
    refusal = "[2026-01-01 00:00:00 ERROR] There is no target 'x'\\n[2026-01-01 00:00:00 INFO] Let's rollback..."
    one.command = [sys.executable, "-c", f'print("{refusal}"); raise SystemExit(1)']
    assert one.run() == 1
    said = capsys.readouterr().out
    assert "There is no target 'x'" in said
    assert "Judging" not in said


def test_the_presenter_is_told_in_german(capsys: pytest.CaptureFixture[str]) -> None:
    lead([], language="de").run()
    assert "„Das ist ein Webshop. Fünf Dienste, jeder für sich.“" in capsys.readouterr().out


def test_with_pause_each_scene_waits(capsys: pytest.CaptureFixture[str]) -> None:
    waited: list[int] = []
    lead([], pause=True, wait=lambda: waited.append(1)).run()
    assert len(waited) == 3
    assert "(1:01)" not in capsys.readouterr().out, "there is no clock to keep to"


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": []}')

    def log_message(self, *_: object) -> None:
        pass


def test_only_what_answers_as_what_it_is_is_opened_in_the_last_act() -> None:
    """What listens on Grafana's port here is a Jaeger."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server, socket.create_server(("127.0.0.1", 0)) as deaf:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_address[1])
        url = f"http://127.0.0.1:{port}"
        assert sights({"GRAFANA_PORT": port, "JAEGER_PORT": port}) == {"Jaeger": url}
        assert sights({"GRAFANA_PORT": port, "STEHAUF_JAEGER": f"{url}/"}) == {"Jaeger": f"{url}/"}
        assert sights({"GRAFANA_PORT": port, "JAEGER_PORT": str(deaf.getsockname()[1])}) == {}
        server.shutdown()


@pytest.mark.parametrize(
    ("environment", "wish"),
    [
        ({}, None),
        ({"STEHAUF_LIVE": "1"}, True),
        ({"STEHAUF_LIVE": "0"}, False),
        ({"STEHAUF_LIVE": "1", "CI": "true"}, False),
        ({"CI": "1"}, False),
    ],
)
def test_the_live_view_is_never_on_in_ci(environment: dict[str, str], wish: bool | None) -> None:
    assert Settings.from_environment({**environment, "HOME": str(Path.home())}).live is wish


def test_a_browser_is_opened_only_where_somebody_sits() -> None:
    assert can_show({"DISPLAY": ":0"})
    assert can_show({"WAYLAND_DISPLAY": "wayland-0"})
    assert not can_show({"DISPLAY": ":0", "CI": "true"})
    assert can_show({}) == (sys.platform == "darwin")
