"""The traces that a report shows, and what it says where there are none."""

from collections.abc import Callable
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, CLOSED, MS, OPENED

from reports.evidence.reader import Evidence
from reports.figures.traces import exemplars
from reports.render.page import render
from reports.verdict import judge

Written = Callable[[Run], Evidence]


def trace(
    number: int, begin: int, name: str = "GET /api/products", *, length: int = 4, **how: Any
) -> list[dict[str, Any]]:
    """A request through two services, or one that fell back."""
    fell_back = how.get("fell_back", False)
    root = {
        "trace": f"t{number}", "id": f"t{number}-1", "parent": None, "service": "storefront", "name": name,
        "kind": "server", "begin_ns": begin, "end_ns": begin + length * MS, "error": None,
        "attributes": {}, "events": [],
    }  # fmt: skip
    if fell_back:
        words = {"to": "the last known catalogue", "because": how.get("because", "away")}
        root["events"] = [
            {"at_ns": begin + MS, "name": "breaker rejected the call", "attributes": {"breaker": "product"}},
            {"at_ns": begin + MS, "name": "fallback", "attributes": words},
        ]
        return [root]
    inner = {"id": f"t{number}-2", "parent": f"t{number}-1", "service": "product", "name": "GET /products"}
    return [root, {**root, **inner, "begin_ns": begin + MS, "end_ns": begin + 2 * MS}]


def order(number: int, begin: int) -> list[dict[str, Any]]:
    spans = trace(number, begin, "POST /api/orders")
    late = {"id": f"t{number}-3", "parent": f"t{number}-2", "service": "fulfilment", "name": "fulfil"}
    return [*spans, {**spans[1], **late, "kind": "consumer", "end_ns": begin + 40 * MS}]


def traced() -> Run:
    run = Run()
    run.run["recording"]["traces"] = True
    run.spans = [
        *(span for n in range(5) for span in trace(n, ASKED - (n + 2) * 100 * MS, length=2 + n)),
        *order(10, ASKED - 900 * MS),
        *(span for n in range(20, 23) for span in trace(n, OPENED + n * MS, length=1, fell_back=True)),
        *(span for n in range(30, 33) for span in trace(n, CLOSED + n * 10 * MS)),
    ]
    return run


def crowded() -> Run:
    """One trace of more spans and more services than are drawn, and longer names."""
    run = traced()
    for span in run.spans:
        span["name"] += "-".join("abcdefgh" * 40) if span["service"] == "product" else "x" * 400
        span["error"] = "e" * 400 if span["service"] == "product" else None
    root = run.spans[0]
    for n in range(40):
        child = {"id": f"c{n}", "parent": f"c{n - 1}" if n else root["id"], "service": f"service-{n}"}
        run.spans.append({**root, **child, "kind": "internal"})
    return run


def page(evidence: Evidence) -> str:
    return render(evidence, judge(evidence))


def test_one_request_before_one_while_open_one_recovered_and_the_longest_way(written: Written) -> None:
    chosen = {one.when: one.trace for one in exemplars(written(traced()))}
    assert list(chosen) == ["before", "open", "recovered", "whole"]
    assert chosen["before"].root.name == chosen["open"].root.name == chosen["recovered"].root.name
    assert chosen["before"].root.trace == "t2", "the median, no show piece"
    assert chosen["open"].services == ("storefront",)
    assert chosen["whole"].services == ("storefront", "product", "fulfilment")


def test_the_report_draws_them(written: Written) -> None:
    evidence = written(traced())
    assert str(judge(evidence).verdict) == "PASS"
    html = page(evidence)
    for words in ("Before the fault", "While the circuit breaker was open", "Recovered", "The longest way"):
        assert words in html
    assert "storefront: fallback → the last known catalogue, away" in html
    assert "traces" not in html.split("Not recorded, because not configured")[-1][:80]


def test_what_failed_is_said_and_not_only_drawn(written: Written) -> None:
    run = traced()
    for span in run.spans:
        span["error"] = "connection <i>reset</i>" if span["service"] == "product" else None
    assert "<li>product: GET /products failed: connection &lt;i&gt;reset&lt;/i&gt;</li>" in page(written(run))


def test_without_traces_the_section_is_not_there_and_is_named(written: Written) -> None:
    html = page(written(Run()))
    assert "Single requests" not in html
    assert "Not recorded, because not configured: traces of single requests." in html


def test_traces_prove_nothing_so_where_they_are_missing_the_verdict_stands_and_the_report_says_so(
    written: Written,
) -> None:
    run = traced()
    run.spans = []
    evidence = written(run)
    assert str(judge(evidence).verdict) == "PASS"
    assert "Traces of single requests were to be recorded, and none came" in page(evidence)
    assert "sollten aufgezeichnet werden, und es kamen keine" in render(evidence, judge(evidence), "de")


def test_a_receiver_that_was_not_there_is_named_with_its_reason(written: Written) -> None:
    run = traced()
    run.run["traces_missing"] = "The receiver of traces ended by itself with exit code -9: <b>why</b>."
    html = page(written(run))
    assert (
        "some or all of them: The receiver of traces ended by itself with exit code -9: &lt;b&gt;why&lt;/b&gt;." in html
    )
    assert "Before the fault" in html, "those that came are shown all the same"


def test_what_of_the_three_is_not_among_the_traces_is_said(written: Written) -> None:
    run = traced()
    run.spans = [span for span in run.spans if span["begin_ns"] < CLOSED]
    html = page(written(run))
    assert "Not among the traces that were kept: a request after the recovery." in html


def test_without_a_breaker_that_opened_no_picture_says_that_one_was_open(written: Written) -> None:
    run = traced()
    run.breakers = []
    assert [one.when for one in exemplars(written(run))][:2] == ["before", "fault"]
    assert "While the circuit breaker was open" not in page(written(run))


def test_a_trace_without_its_root_or_with_a_circle_is_no_exemplar_and_no_end(written: Written) -> None:
    run = traced()
    circle = trace(50, ASKED - 300 * MS)
    circle[1]["parent"] = circle[1]["id"]
    run.spans += [*circle, {**circle[1], "trace": "t51"}]
    assert "Before the fault" in page(written(run))


def test_hostile_names_show_as_text(written: Written) -> None:
    run = traced()
    for span in run.spans:
        span["service"] = span["service"].replace("storefront", "<script>alert(1)</script>")
        span["name"] = f"<img src=x onerror=alert(1)>{span['name']}"
        for event in span["events"]:
            event["attributes"]["because"] = "<b>bold</b>"
    html = page(written(run))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "<b>bold" not in html


def test_thousands_of_spans_and_endless_names_do_not_bloat_the_report(written: Written) -> None:
    plain = len(page(written(traced())))
    run = traced()
    for span in list(run.spans):
        span["events"] += [{"at_ns": 0, "name": "fallback", "attributes": {"because": "y" * 100_000}}]
        span["events"] += [{"at_ns": -5, "name": f"{n}{'z' * 1000}", "attributes": ["none"]} for n in range(500)]
        span["events"] += ["no event", {"at_ns": "soon"}]
        span["error"] = "e" * 100_000
        for n in range(300):
            child = {"id": f"{span['id']}-{n}", "parent": span["id"], "service": f"service-{n}-{'s' * 1000}"}
            run.spans.append({**span, **child, "name": "x" * 1000, "kind": "internal", "events": []})
    html = page(written(run))
    assert "Its other spans are in spans.jsonl" in html
    assert len(html) < plain + 400_000
    assert "x" * 200 not in html
    assert "z" * 200 not in html


@pytest.mark.parametrize(
    "times", [(ASKED, 0), (0, 0), (-(2**70), 2**70), (2**64 - 1, 2**64 - 1), (ASKED - 5 * MS, ASKED - 9 * MS)]
)
def test_times_of_no_clock_break_nothing(written: Written, times: tuple[int, int]) -> None:
    run = traced()
    for span in run.spans:
        span["begin_ns"], span["end_ns"] = times
        span["events"] = [{"at_ns": times[1], "name": "fallback"}]
    assert "</html>" in page(written(run))
