"""What spans say, that they go along with an order, and that a collector that is away holds up nothing."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from services.common import tracing, tracing_sdk
from services.common.breaker import Breaker, BreakerOpen
from services.common.settings import BreakerSettings, InvalidSetting, read
from services.common.tracing_send import Collector
from stack_kit import STACK, free_port


class Collecting:
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        outer.spans += scope.spans
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    one = Collecting()
    yield one
    one.close()


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch, collecting: Collecting) -> Callable[[], dict[str, Any]]:
    """Tracing on; what it gives hands over the spans made so far, by name."""
    tracing_sdk.begin("tested", (collecting.endpoint,))
    monkeypatch.setattr(tracing, "_sdk", tracing_sdk)
    monkeypatch.setattr(tracing, "_budget", tracing.Budget(1_000_000))

    def spans() -> dict[str, Any]:
        tracing_sdk.shutdown()
        return {span.name: span for span in collecting.spans}

    return spans


def said(span: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, {pair.key: pair.value.string_value for pair in event.attributes}) for event in span.events]


def test_a_span_comes_below_the_one_that_the_headers_name(traced: Callable[[], dict[str, Any]]) -> None:
    with tracing.span("click", "server"):
        carried = tracing.headers()
    with tracing.span("elsewhere", "consumer", carrier=carried), tracing.span("inside"):
        pass
    with tracing.span("unrelated", "server", carrier={}):
        pass
    with tracing.span("nobody's", "consumer", carrier={}), tracing.span("nobody's either"):
        pass
    spans = traced()
    assert spans["elsewhere"].trace_id == spans["inside"].trace_id == spans["click"].trace_id
    assert spans["elsewhere"].parent_span_id == spans["click"].span_id
    assert spans["inside"].parent_span_id == spans["elsewhere"].span_id
    assert spans["unrelated"].trace_id != spans["click"].trace_id
    assert len(spans) == 4, "only a request begins a trace"


def test_who_is_called_by_an_untraced_request_begins_no_trace(
    traced: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_budget", tracing.Budget(1, clock=lambda: 0.0))
    with tracing.span("first", "server", carrier={}):
        pass
    with tracing.span("second", "server", carrier={}):
        carried = tracing.headers()
    monkeypatch.setattr(tracing, "_budget", tracing.Budget(1_000_000))
    with tracing.span("behind", "server", carrier=carried), tracing.span("deeper"):
        pass
    assert set(traced()) == {"first"}


def test_before_the_sdk_is_there_a_trace_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a service that came back, the first second has no spans; a queued order's trace goes on all the same."""
    monkeypatch.setattr(tracing, "_configured", True)
    came = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    with tracing.span("confirm queued", "consumer", carrier=came), tracing.span("store accepted", "producer"):
        assert tracing.headers() == came
    assert tracing.headers() == {}


def test_so_many_requests_a_second_are_traced_evenly_and_more_while_something_happens() -> None:
    now = [0.0]
    budget = tracing.Budget(10, clock=lambda: now[0])

    def second() -> list[bool]:
        taken = []
        for _ in range(100):
            now[0] += 0.01
            taken.append(budget.take())
        return taken

    second()
    calm = second()
    assert sum(calm) == pytest.approx(10, abs=1)
    assert max(sum(calm[begin : begin + 20]) for begin in range(80)) <= 4
    budget.heed()
    assert sum(second()) == 100
    second()
    assert sum(second()) == pytest.approx(10, abs=2)


def test_several_at_once_stay_apart(traced: Callable[[], dict[str, Any]]) -> None:
    with (
        tracing.span("one", root=True, current=False) as one,
        tracing.span("two", root=True, current=False),
        tracing.under(one),
        tracing.span("below one"),
    ):
        pass
    spans = traced()
    assert spans["below one"].parent_span_id == spans["one"].span_id
    assert spans["two"].trace_id != spans["one"].trace_id


def test_a_span_knows_the_breaker_and_what_it_did(traced: Callable[[], dict[str, Any]]) -> None:
    breaker = Breaker("product", BreakerSettings(failures=2, reset_s=60))

    async def fails() -> None:
        raise ValueError("away")

    async def run() -> None:
        for name in ("first", "second"):
            with tracing.span(name, root=True), pytest.raises(ValueError, match="away"):
                await breaker.call(fails)
        with tracing.span("third", root=True), pytest.raises(BreakerOpen):
            await breaker.call(fails)

    asyncio.run(run())
    spans = traced()
    states = {name: spans[name].attributes[0].value.string_value for name in ("first", "second", "third")}
    assert states == {"first": "closed", "second": "closed", "third": "open"}
    assert said(spans["second"]) == [
        ("breaker open", {"breaker": "product", "reason": "2 consecutive failures, the last: away"})
    ]
    assert said(spans["third"]) == [("breaker rejected the call", {"breaker": "product", "state": "open"})]


def test_a_failed_span_says_why(traced: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="broken"), tracing.span("fails", root=True):
        raise ValueError("broken")
    failed = traced()["fails"].status
    assert (failed.code, failed.message) == (2, "broken")


def test_without_an_endpoint_the_sdk_is_not_even_imported() -> None:
    code = (
        "import sys; import services.storefront.__main__, services.order.__main__, services.fulfilment.__main__;"
        "from services.common import tracing; tracing.begin('x', ())\n"
        "with tracing.span('x') as s: s.set(a=1); tracing.event('e'); print(tracing.headers())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=STACK, capture_output=True, text=True, check=True)
    assert done.stdout == "{}\n[]\n"


@pytest.mark.parametrize("kind", ["refuses", "hangs"])
def test_a_dead_collector_holds_up_neither_a_request_nor_the_end(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """It takes connections and never answers, or takes none."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1] if kind == "hangs" else free_port()
        tracing_sdk.begin("tested", (f"http://127.0.0.1:{port}",))
        monkeypatch.setattr(tracing, "_sdk", tracing_sdk)
        monkeypatch.setattr(tracing, "_budget", tracing.Budget(1_000_000))
        began = time.monotonic()
        for _ in range(6000):
            with tracing.span("request", root=True):
                pass
        tracing.end()
        assert time.monotonic() - began < 20, "an exporter that waits takes a second a batch"


def test_a_collector_that_fails_is_left_alone_for_a_while() -> None:
    now = [0.0]
    collector = Collector(f"http://127.0.0.1:{free_port()}", clock=lambda: now[0])
    tries = []
    for tick in range(100):
        now[0] = tick / 10
        if collector.is_ready():
            tries.append(now[0])
            assert not collector.send(b"")
    assert tries == [0.0, 0.3, 0.8, 1.8, 2.8, 3.8, 4.8, 5.8, 6.8, 7.8, 8.8, 9.8]


def test_endpoints_are_read_and_checked() -> None:
    assert read({}).trace_endpoints == ()
    both = read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318, http://b:4318/"}).trace_endpoints
    assert both == ("http://a:4318", "http://b:4318/")
    with pytest.raises(InvalidSetting, match="OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318: expected http"):
        read({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"})
