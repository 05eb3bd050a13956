"""The live view, watched by a real browser: the steps as they happen, then the report, then nothing left."""

import json
import re
import signal
import time
import urllib.request
from typing import Any

import pytest
from harness import Bench, eventually, is_busy, read_until
from live_kit import chromium, url_of, viewers_of, watched
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.embedded, pytest.mark.browser]

LIVE = {"STEHAUF_LIVE": "1", "CI": ""}
PATIENCE_MS = 60_000
LATE_S = 8.0


def step(page: Page, name: str) -> Any:
    return page.locator(".recovery li.done", has_text=name)


def test_two_viewers_see_the_steps_as_they_happen_and_then_the_report(embedded: Bench) -> None:
    """A third one leaves in the middle, and nobody notices."""
    with chromium() as browser, embedded.started("run", str(embedded.write(watched(8))), **LIVE) as process:
        url = url_of(process)
        pages = [browser.new_page() for _ in range(3)]
        errors: list[str] = []
        asked: list[str] = []
        for page in pages:
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            page.on("request", lambda request: asked.append(request.url))
            page.goto(url)
        expect(pages[0].get_by_text("Nothing is broken")).to_be_visible(timeout=PATIENCE_MS)
        assert "Running" in pages[0].title()
        pages[2].close()
        for name in ("fault asked for", "process died", "started again", "first good answer", "open"):
            for page in pages[:2]:
                expect(step(page, name).first).to_be_visible(timeout=PATIENCE_MS)
        assert pages[0].locator("#verdict").count() == 0, "no verdict while it goes on"
        assert "PASS" not in pages[0].locator("body").inner_text()
        output, _ = process.communicate(timeout=120)
        run = embedded.result(process.returncode, output)
        for page in pages[:2]:
            expect(page.locator("#verdict")).to_have_text(run.verdict["verdict"], timeout=PATIENCE_MS)
            expect(page.locator(".live")).to_have_count(0)
        assert run.directory
        report = browser.new_page()
        report.goto((run.directory / "report.html").as_uri())
        assert _words(pages[0].locator("#page")) == _words(report.locator("body")), "the final page is the report"
        assert errors == []
        assert {re.sub(r"(\d)/.*", r"\1/", one) for one in asked} == {url}, "nothing is asked for elsewhere"
    # three pages of Chromium on two cores can be too much
    assert is_busy(run.said) or run.verdict["verdict"] == "PASS", run.said
    assert viewers_of(embedded) == []


def test_a_view_that_comes_late_to_the_end_still_shows_the_report(embedded: Bench) -> None:
    """Its process gets no turn while the run ends, as on a machine whose browsers take all there is."""
    with chromium() as browser, embedded.started("run", str(embedded.write(watched(2))), **LIVE) as process:
        page = browser.new_page()
        page.goto(url_of(process))
        expect(step(page, "first good answer").first).to_be_visible(timeout=PATIENCE_MS)
        (view,) = viewers_of(embedded)
        view.suspend()
        try:
            read_until(process, "Verdict: ")
            time.sleep(LATE_S)
        finally:
            view.resume()
        expect(page.locator("#verdict")).to_be_visible(timeout=PATIENCE_MS)
        process.communicate(timeout=120)
    assert viewers_of(embedded) == []


def test_a_reader_who_has_scrolled_down_stays_where_he_is(embedded: Bench) -> None:
    with chromium() as browser, embedded.started("run", str(embedded.write(watched(20))), **LIVE) as process:
        page = browser.new_page(viewport={"width": 1000, "height": 500})
        page.goto(url_of(process))
        expect(page.locator("#users")).to_be_attached(timeout=PATIENCE_MS)
        page.locator("#users").evaluate("one => one.scrollIntoView()")
        page.evaluate("document.querySelector('#users').closest('section').dataset.seen = 'old'")
        top = "document.querySelector('#users').getBoundingClientRect().top"
        before = page.evaluate(top)
        exchanged = "!document.querySelector('#users').closest('section').dataset.seen"
        assert eventually(lambda: bool(page.evaluate(exchanged)))
        assert page.evaluate(top) == pytest.approx(before, abs=2), "its section was exchanged under the reader's eyes"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert viewers_of(embedded) == []


def test_a_run_that_is_killed_takes_its_view_with_it(embedded: Bench) -> None:
    experiment = watched(30)
    experiment["controls"][0]["provider"]["arguments"]["live"] = True
    with embedded.started("run", str(embedded.write(experiment)), CI="", STEHAUF_LIVE="") as process:
        url = url_of(process)
        with urllib.request.urlopen(url + "events", timeout=30) as stream:
            told = next(line for line in stream if line.startswith(b"data: "))
            first = json.loads(told.removeprefix(b"data: "))
            assert "live" in first["parts"]
            assert first["title"].startswith("Running")
        process.kill()
        process.wait()
    assert eventually(lambda: viewers_of(embedded) == [])
    embedded.passes(watched(0))


def _words(part: Locator) -> str:
    return " ".join(part.inner_text().split())
