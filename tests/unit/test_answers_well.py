"""The probe that waits for a good answer, and what it says where there is none."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from probes import probes
from probes.errors import ClaimUnmet, ConfigurationError

SAME_HOST, SILENT = 307, 299
Served = Callable[[list[int]], str]


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "current", lambda: SimpleNamespace(check=lambda: None))


@pytest.fixture
def served() -> Iterator[Served]:
    """A server that answers with these statuses, one after the other, the last one for good."""
    servers: list[ThreadingHTTPServer] = []

    over = threading.Event()

    def start(statuses: list[int]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                self.send_response(status)
                self.send_header("Location", "/here" if status == SAME_HOST else "http://127.0.0.1:1/elsewhere")
                if status == SILENT:
                    self.send_header("Content-Length", "100")
                self.end_headers()
                if status == SILENT:
                    over.wait(20)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[0].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[0].server_port}/"

    yield start
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_it_waits_for_a_good_answer(served: Served) -> None:
    assert probes.answers_well(served([503, 500, 200]), within=20) is True


def test_a_redirection_to_elsewhere_is_an_answer_and_is_not_followed(served: Served) -> None:
    assert probes.answers_well(served([302])) is True


def test_a_redirection_on_the_same_host_is_followed(served: Served) -> None:
    with pytest.raises(ClaimUnmet, match="status 500"):
        probes.answers_well(served([307, 500]))


def test_one_good_answer_among_bad_ones_is_none(served: Served) -> None:
    with pytest.raises(ClaimUnmet, match="status 500"):
        probes.answers_well(served([500, 200, 500, 200, 200, 500]), within=0.5)


def test_a_body_that_does_not_end_in_time_is_no_answer(served: Served) -> None:
    with pytest.raises(ClaimUnmet, match=r"no answer within 0\.5 s|no answer \("):
        probes.answers_well(served([299]), timeout=0.5)


def test_what_is_no_url_is_no_claim() -> None:
    with pytest.raises(ConfigurationError, match="answers_well: url"):
        probes.answers_well("127.0.0.1:8080/", within=20)


def test_a_bad_status_is_a_claim_unmet_and_is_named(served: Served) -> None:
    with pytest.raises(ClaimUnmet, match=r"had no good answer within 0\.2 s, at last: status 503"):
        probes.answers_well(served([503]), within=0.2)


def test_nobody_there_is_a_claim_unmet_too() -> None:
    with pytest.raises(ClaimUnmet, match=r"at last: no answer \(ConnectionError\)"):
        probes.answers_well("http://127.0.0.1:1/", within=0.2)
