"""A service that only answers: ready early, honest about errors, gone when it is told to go."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
import pytest
from services.common import tracing
from services.common.wsgi import Answer, Application
from stack_kit import STACK, free_port

PATIENCE_S = 30
COMMAND = [sys.executable, "-m", "services.product"]


def start(port: int, command: Sequence[str] = COMMAND) -> subprocess.Popen[str]:
    environment = {**os.environ, "PORT": str(port), "LISTEN_HOST": "127.0.0.1"}
    return subprocess.Popen(
        command, cwd=STACK, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture
def product() -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = start(port)
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert time.monotonic() < until, "it does not listen"
            time.sleep(0.02)
    yield process, port
    process.kill()
    process.communicate()


def ask(port: int, method: str, path: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request(method, path)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.msg


def test_nothing_is_imported_that_its_start_would_wait_for() -> None:
    """Start-up is recovery time: these are most of what another service's start takes."""
    seen = (
        "import sys, services.product.__main__\n"
        "waits_for = {'asyncio', 'aiohttp', 'dataclasses', 'opentelemetry', 'nats', 'prometheus_client'}\n"
        "print(waits_for & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", seen], cwd=STACK, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_was_answered_before_there_were_series_is_counted_too() -> None:
    counted = (
        "import sys; from services.common import metrics\n"
        "metrics.answered('GET', '/a', 200, 'false', 0.1); print('prometheus_client' in sys.modules)\n"
        "for _ in range(2):\n"
        "    page = metrics.page()[0].decode()\n"
        "    print(*[one for one in page.splitlines() if one.startswith('http_requests_total')])\n"
        "    metrics.answered('GET', '/a', 200, 'false', 0.1)"
    )
    done = subprocess.run([sys.executable, "-c", counted], cwd=STACK, capture_output=True, text=True, check=True)
    series = 'http_requests_total{degraded="false",method="GET",route="/a",status="200"}'
    assert done.stdout.splitlines() == ["False", f"{series} 1.0", f"{series} 2.0"]


def test_it_answers_with_the_catalogue_and_says_in_json_what_is_wrong(
    product: tuple[subprocess.Popen[str], int],
) -> None:
    _, port = product
    status, content, headers = ask(port, "GET", "/products")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    first = json.loads(content)["products"][0]
    assert json.loads(ask(port, "GET", f"/products/{first['id']}")[1]) == first
    assert ask(port, "HEAD", "/products")[:2] == (200, b"")
    for method, path, status, reason in (
        ("GET", "/products/none", 404, "there is no such product"),
        ("GET", "/products/{id}", 404, "there is no such product"),
        ("GET", "/products/", 404, "404: Not Found"),
        ("GET", "/elsewhere", 404, "404: Not Found"),
        ("POST", "/products", 405, "405: Method Not Allowed"),
    ):
        answered, content, _ = ask(port, method, path)
        assert (answered, json.loads(content)) == (status, {"reason": reason}), path
    metrics = ask(port, "GET", "/metrics")[1].decode()
    asked = 'http_requests_total{degraded="false",method="%s",route="%s",status="%s"} %s\n'
    assert asked % ("GET", "/products/{id}", 404, "2.0") in metrics
    assert asked % ("any", "unmatched", 404, "2.0") in metrics, "nobody can make up routes"


def test_connections_that_are_kept_hold_nobody_else_up(product: tuple[subprocess.Popen[str], int]) -> None:
    _, port = product
    kept = [socket.create_connection(("127.0.0.1", port), PATIENCE_S) for _ in range(200)]
    for connection in kept:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert ask(port, "GET", "/healthz")[0] == 200
    for connection in kept:
        connection.close()


def test_who_is_asked_nothing_takes_no_processor_time(product: tuple[subprocess.Popen[str], int]) -> None:
    """What spins takes it from everybody who recovers. A busy machine can only make this smaller."""
    process, port = product
    ask(port, "GET", "/products")
    seen = psutil.Process(process.pid)
    before = sum(seen.cpu_times()[:2])
    time.sleep(2)
    assert sum(seen.cpu_times()[:2]) - before < 0.2


def test_it_ends_when_told_and_says_so(product: tuple[subprocess.Popen[str], int]) -> None:
    process, _ = product
    process.send_signal(signal.SIGTERM)
    said = [json.loads(line)["event"] for line in process.communicate(timeout=PATIENCE_S)[0].splitlines()]
    assert (process.returncode, said) == (0, ["starting", "listening", "ended"])


def test_it_says_so_too_where_it_is_told_before_it_waits_for_requests() -> None:
    told = (
        "import os, signal; from services.common import tracing; from services.product.__main__ import main\n"
        "tracing.begin = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "main()"
    )
    process = start(free_port(), [sys.executable, "-c", told])
    said = [json.loads(line)["event"] for line in process.communicate(timeout=PATIENCE_S)[0].splitlines()]
    assert (process.returncode, said) == (0, ["starting", "listening", "ended"])


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(taken.getsockname()[1])
        said = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 1
    assert "cannot listen on 127.0.0.1:" in json.loads(said.splitlines()[-1])["reason"]


def broken() -> Answer:
    raise RuntimeError("a mistake of ours")


def called(application: Application, path: str, **environ: str) -> tuple[str, bytes]:
    told: list[Any] = []
    body = b"".join(
        application({"PATH_INFO": path, "REQUEST_METHOD": "GET", **environ}, lambda *said: told.extend(said))
    )
    return told[0], body


def test_a_mistake_of_ours_is_an_answer_too() -> None:
    status, body = called(Application({"/broken": broken}), "/broken")
    assert (status, json.loads(body)) == ("500 Internal Server Error", {"reason": "an error on our side"})


def test_a_trace_goes_on_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    came = f"00-{'a' * 32}-{'b' * 16}-01"
    monkeypatch.setattr(tracing, "_configured", True)
    passed_on = []

    def page() -> Answer:
        passed_on.append(tracing.headers())
        return Answer(b"{}")

    application = Application({"/page": page, "/metrics": page})
    called(application, "/page", HTTP_TRACEPARENT=came)
    called(application, "/page")
    called(application, "/metrics", HTTP_TRACEPARENT=came)
    assert passed_on == [{"traceparent": came}, {}, {}], "those who look on are not traced"
