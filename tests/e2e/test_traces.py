"""One trace from the click to the fulfilled order, received by the run itself."""

import socket
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, Run

from experiments import action, probe, smallest
from experiments import python as call

ORDER = {
    "type": "http",
    "url": "${shop}/api/orders",
    "method": "POST",
    "headers": {"Content-Type": "application/json"},
    "arguments": {"items": [{"product_id": "tumbler-moon", "quantity": 1}]},
    "timeout": 5,
}


def traced() -> dict[str, Any]:
    """Product hangs for long enough that the breaker opens; its crash may be over after two requests."""
    experiment = smallest()
    experiment["controls"][0]["provider"]["arguments"] |= {"traces": True, "breakers": "${shop}/breakers"}
    hangs = call("probes.actions", "hang", service="product", for_seconds=30)
    experiment["method"][:1] = [
        action("hangs", hangs, pauses={"before": 3, "after": 2}),
        action("goes on", call("probes.actions", "undo", service="product")),
    ]
    experiment["method"].append(probe("an order goes through", 201, ORDER, pauses={"before": 3, "after": 2}))
    return experiment


def traces(run: Run) -> list[list[dict[str, Any]]]:
    found = defaultdict(list)
    for span in run.lines("spans.jsonl"):
        found[span["trace"]].append(span)
    return list(found.values())


def page(run: Run) -> str:
    assert run.directory
    return (run.directory / "report.html").read_text(encoding="utf-8")


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("docker", marks=pytest.mark.docker)]
)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """A stack that the run itself brings up, and tells where to send its traces."""
    return Bench(request.param, tmp_path)


def test_a_trace_runs_from_the_click_to_the_fulfilled_order(fresh: Bench) -> None:
    run = fresh.passes(traced())
    ordering = [trace for trace in traces(run) if any(span["name"] == "POST /api/orders" for span in trace)]
    assert ordering, [trace[0]["name"] for trace in traces(run)]
    names = {(span["service"], span["name"]) for span in ordering[0]}
    assert names >= {
        ("storefront", "POST /api/orders"),
        ("storefront", "POST /orders"),
        ("order", "POST /orders"),
        ("order", "store accepted"),
        ("fulfilment", "fulfil"),
        ("fulfilment", "store fulfilled"),
    }
    ids = {span["id"] for span in ordering[0]}
    assert [span["name"] for span in ordering[0] if span["parent"] not in ids] == ["POST /api/orders"]
    happened = {event["name"] for trace in traces(run) for span in trace for event in span["events"]}
    assert {"fallback", "breaker open", "breaker half-open", "breaker closed"} <= happened
    for words in ("Before the fault", "While the circuit breaker was open", "Recovered", "The longest way"):
        assert words in page(run)


@pytest.mark.embedded
def test_a_stack_that_sends_no_traces_is_no_reason_to_fail(embedded: Bench) -> None:
    """It was up already, and nobody said where to send any."""
    run = embedded.passes(traced())
    assert "nobody said where it sends its traces" in run.output
    assert run.lines("spans.jsonl") == []
    assert "were to be recorded, and none came" in page(run)


@pytest.mark.embedded
def test_a_receiver_that_cannot_be_hurts_neither_services_nor_verdict(bench: Bench) -> None:
    """Its port is somebody else's, who takes connections and never answers: the worst that can be there."""
    with socket.create_server(("127.0.0.1", int(bench.environment["OTLP_PORT"]))):
        run = bench.passes(traced())
    assert "set OTLP_PORT to another one" in run.output
    assert "Traces of single requests are missing, some or all of them: The receiver of traces ended" in page(run)
