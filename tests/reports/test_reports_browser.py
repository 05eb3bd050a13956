"""The report in a real browser: whole without a network, values under the pointer, fit for a phone and for paper."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from test_reports_traces import crowded

from reports.evidence.reader import Evidence
from reports.render import render
from reports.verdict import judge

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    evidence = Evidence(crowded().write(folder / "run"))
    verdict = judge(evidence)
    for lang in ("en", "de"):
        (folder / f"{lang}.html").write_text(render(evidence, verdict, lang))
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


def opened(browser: Browser, path: Path, said: list[str], width: int = 1200, **options: bool) -> Page:
    """The page with the network off; what the browser complains about goes to `said`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else said.append(request.url))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("lang", ["en", "de"])
def test_it_opens_without_a_network_and_without_a_complaint(
    lang: str, browser: Browser, reports: Path, said: list[str]
) -> None:
    page = opened(browser, reports / f"{lang}.html", said)
    for name in (
        "verdict",
        "claims",
        "broken",
        "timeline",
        "recovery1",
        "users",
        "orders",
        "restored",
        "system",
        "traces",
    ):
        assert page.locator(f"#{name}").is_visible(), name
    assert page.locator("#untested, #repeat").count() == 2
    assert said == []
    page.context.close()


def test_the_pointer_shows_values(browser: Browser, reports: Path, said: list[str]) -> None:
    page = opened(browser, reports / "de.html", said)
    chart = page.locator("#run1000-t").locator("xpath=..")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 90)
    tip = page.locator(".tip.shown")
    text = tip.inner_text()
    assert re.search(r"\d,\d\d s", text)
    assert "gut: " in text
    assert "Median: " in text
    assert "product: " in text
    page.mouse.move(2, 2)
    assert page.locator(".tip.shown").count() == 0
    assert said == []
    page.context.close()


def test_the_keyboard_reads_values_too(browser: Browser, reports: Path, said: list[str]) -> None:
    page = opened(browser, reports / "en.html", said)
    page.locator("#run1000-t").locator("xpath=..").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    before = page.locator(".tip.shown b").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".tip.shown b").inner_text() != before
    page.keyboard.press("Escape")
    assert page.locator(".tip.shown").count() == 0
    page.context.close()


def test_zoom_widens_the_chart_and_not_the_page(browser: Browser, reports: Path, said: list[str]) -> None:
    page = opened(browser, reports / "en.html", said)
    chart = page.locator("#run1000-t").locator("xpath=..")
    before = chart.bounding_box()
    page.get_by_role("button", name="Zoom in").first.click()
    after = chart.bounding_box()
    assert before
    assert after
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.02)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_phone_scrolls_only_down(lang: str, browser: Browser, reports: Path, said: list[str]) -> None:
    page = opened(browser, reports / f"{lang}.html", said, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_it_is_whole_without_a_script(browser: Browser, reports: Path, said: list[str]) -> None:
    page = opened(browser, reports / "en.html", said, java_script_enabled=False)
    assert page.locator("svg.chart").count() >= 6
    assert page.locator(".zoom").count() == 0
    page.context.close()


def test_no_picture_is_taller_than_a_sheet_of_paper(browser: Browser, reports: Path, said: list[str]) -> None:
    """A figure is never cut (break-inside: avoid), which holds only for what fits on a sheet."""
    page = opened(browser, reports / "de.html", said, width=690)
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('figure')].map((one) => one.getBoundingClientRect().height)")
    assert heights
    assert max(heights) < 1000
    kept = page.evaluate("[...document.querySelectorAll('figure')].map((one) => getComputedStyle(one).breakInside)")
    assert set(kept) == {"avoid"}
    page.context.close()
