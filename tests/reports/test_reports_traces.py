"""The traces that a report shows, and what it says where there are none."""

from collections.abc import Callable
from typing import Any

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
    assert "to the last known catalogue" in html
    assert "traces" not in html.split("Not recorded, because not configured")[-1][:80]


def test_without_traces_the_section_is_not_there_and_is_named(written: Written) -> None:
    html = page(written(Run()))
    assert "Three requests" not in html
    assert "Not recorded, because not configured: traces." in html


def test_traces_that_did_not_come_are_missing_evidence_only_where_they_were_configured(written: Written) -> None:
    run = traced()
    run.spans = []
    verdict = judge(written(run))
    assert str(verdict.verdict) == "INCONCLUSIVE"
    assert "no span came" in " ".join(reason.sentence for reason in verdict.reasons)


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
