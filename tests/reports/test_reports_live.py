"""The live view of evidence that is only half there: no verdict, no half-truth, and deaf to hostile names."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, DIED, END, STARTED
from test_reports_languages import PLAIN, PSEUDO, Text, names_in
from test_reports_page import HOSTILE, Page, poison

from reports.evidence.reader import Evidence
from reports.live.hub import Hub
from reports.live.sections import PROVISIONAL, sections
from reports.live.server import serve_on
from reports.live.stage import stage
from reports.live.view import View, Viewer, as_message
from reports.render import look
from reports.render.branding import Branding
from reports.render.look import fragment
from reports.verdict import write
from reports.words import speaking

Written = Callable[[Run], Evidence]


def until(run: Run, now: int) -> Run:
    """The evidence as it was at one moment."""
    for lines in (run.events, run.instances, run.faults, run.breakers):
        lines[:] = [line for line in lines if line.get("at_ns") is None or line["at_ns"] <= now]
    return run


@pytest.mark.parametrize("now", [ASKED - 1, DIED, STARTED, END])
def test_while_it_goes_on_nothing_reads_like_a_verdict(now: int, run: Run, written: Written) -> None:
    view = Viewer(written(until(run, now)).directory).look()
    assert not view.final
    assert view.title.startswith("Running: ")
    assert not PROVISIONAL & view.parts.keys()
    page = "".join(view.parts.values())
    for word in ("PASS", "FAIL", "INCONCLUSIVE", "✓ held"):
        assert word not in page
    Page(page)


def test_the_steps_appear_as_they_happen(run: Run, written: Written) -> None:
    seen = {step.key for step in stage(written(until(run, DIED))).steps if step.seconds is not None}
    assert {"asked", "died"} <= seen
    assert "started" not in seen


def test_when_it_is_over_the_page_is_the_report(run: Run, written: Written) -> None:
    directory = written(run).directory
    write(directory)
    view = Viewer(directory).look()
    report = (directory / "report.html").read_text(encoding="utf-8")
    assert view.final
    assert view == Viewer(directory).over()
    assert list(view.parts) == list(sections(report))
    assert "PASS" in view.parts["verdict"]
    body = report.partition("<header")[1] + report.partition("<header")[2].partition("<script>")[0]
    bodies = body.replace("<main>", "").replace("</main>", "")
    assert "".join("".join(view.parts.values()).split()) == "".join(bodies.split()), "nothing of it is left out"


def test_a_run_that_ends_without_a_report_says_so(run: Run, written: Written) -> None:
    view = Viewer(written(run).directory).over()
    assert view.final
    assert "Ended without a report" in view.parts["live"]


def test_hostile_names_stay_text(run: Run, written: Written) -> None:
    run.experiment = {**run.experiment, "title": HOSTILE}
    run.system = poison(run.system)  # type: ignore[assignment]
    for lines in (run.events, run.instances, run.faults, run.breakers):
        for line in lines:
            line.update({key: HOSTILE for key in ("service", "instance", "id", "breaker", "detail") if key in line})
    view = Viewer(written(run).directory).look()
    for text in (view.title, *view.parts.values()):
        assert "<script" not in text
        assert "<img" not in text


def test_an_empty_directory_is_a_run_that_has_not_begun(tmp_path: Path) -> None:
    view = Viewer(tmp_path).look()
    assert not view.final
    assert "Nothing is broken" in view.parts["live"]


def test_a_german_report_is_watched_in_german(run: Run, written: Written) -> None:
    run.experiment["extensions"] = [
        {"name": "stehauf", "translations": {"de": {run.experiment["title"]: "Der Laden läuft weiter"}}}
    ]
    view = Viewer(written(until(run, DIED)).directory, "de").look()
    assert view.title == "Läuft: Der Laden läuft weiter"
    assert "Absturz von product: Erholung" in view.parts["live"]
    assert "0,11 s" in view.parts["live"]


def test_no_english_is_left_while_it_goes_on(run: Run, written: Written) -> None:
    evidence = written(until(run, STARTED))
    with speaking(PSEUDO):
        shown = fragment("live.html.j2", over=False, stage=stage(evidence))
        page = Text(look.page("live-page.html.j2", Branding(), live=True) + shown)
    left = {word for text in page.found for word in re.findall(r"[A-Za-z]{2,}", text)} - names_in(evidence.directory)
    assert left - PLAIN == set()


@contextmanager
def served(page: str = "") -> Iterator[str]:
    with serve_on(0, Hub(), page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(("host", "path", "status"), [("", "/", 200), ("example.org", "/", 403), ("", "/etc", 404)])
def test_only_loopbacks_own_name_and_the_one_page_are_answered(host: str, path: str, status: int) -> None:
    """Another name is another site that was pointed here."""
    with served("the page") as address, contextlib.closing(HTTPConnection(address, timeout=30)) as connection:
        connection.request("GET", path, headers={"Host": f"{host}:80"} if host else {})
        answer = connection.getresponse()
        assert answer.status == status
        assert (answer.read() == b"the page") == (status == 200)


def test_a_port_that_is_taken_is_answered_with_another_one() -> None:
    with served() as address, serve_on(int(address.rpartition(":")[2]), Hub(), "") as other:
        assert f"127.0.0.1:{other.server_address[1]}" != address


def test_a_viewer_gets_only_what_changed() -> None:
    before = View("a", {"one": "1", "two": "2"}, "", final=False)
    after = replace(before, parts={"one": "1", "two": "3"})
    message = as_message(after, before.parts)
    assert message["parts"] == {"two": "3"}
    assert message["order"] == ["one", "two"]


def test_a_view_that_did_not_change_wakes_nobody() -> None:
    hub, view = Hub(), View("a", {}, "", final=False)
    hub.publish(view)
    number, first = hub.later_than(0, 1)
    hub.publish(replace(view))
    assert first == view
    assert hub.later_than(number, 0) == (number, None)
