"""The probe that waits for a good answer, and what it says where there is none."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from probes import probes
from probes.errors import ClaimUnmet

Served = Callable[[list[int]], str]


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "current", lambda: SimpleNamespace(check=lambda: None))


@pytest.fixture
def served() -> Iterator[Served]:
    """A server that answers with these statuses, one after the other, the last one for good."""
    servers: list[ThreadingHTTPServer] = []

    def start(statuses: list[int]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[0].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[0].server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_it_waits_for_a_good_answer(served: Served) -> None:
    assert probes.answers_well(served([503, 500, 200]), within=20) is True


def test_a_redirection_is_an_answer_and_is_not_followed(served: Served) -> None:
    assert probes.answers_well(served([302])) is True


def test_a_bad_status_is_a_claim_unmet_and_is_named(served: Served) -> None:
    with pytest.raises(ClaimUnmet, match=r"had no good answer within 0\.2 s, at last: status 503"):
        probes.answers_well(served([503]), within=0.2)


def test_nobody_there_is_a_claim_unmet_too() -> None:
    with pytest.raises(ClaimUnmet, match=r"at last: no answer \(ConnectionError\)"):
        probes.answers_well("http://127.0.0.1:1/", within=0.2)
