"""The report in a real browser: offline, on a phone, in the dark, on paper, and with hostile names."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import END, S
from playwright.sync_api import Browser, Page, Request, Route

from reports.verdict import write

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.__hacked=1"><script>window.__hacked=1</script><svg onload="window.__hacked=1">'
HEADINGS = [
    "What we broke",
    "What users saw",
    "How it healed",
    "What was claimed, and what was seen",
    "What was broken, and the receipt",
    "Crash of product ✓ proved by the target",
    "The run at a glance",
    "Recovery from the crash of product, taken apart",
    "From close by",
    "What users saw, in numbers",
    "What it cost them",
    "What the circuit breaker “product” did",
    "Orders",
    "Put back as it was",
    "System under test",
    "What was not tested",
    "How to repeat it",
]
PAGES = re.compile(rb"/Type\s*/Page\b")


def passing(_run: Run) -> None:
    """As it is."""


def failing(run: Run) -> None:
    run.samples["load-22"].add(END - S, 5, 500)


def unknown(run: Run) -> None:
    run.problems.append({"at_ns": END, "what": "a gap in the events"})


def hostile(run: Run) -> None:
    run.experiment["title"] = HOSTILE
    run.run["experiment"]["title"] = HOSTILE
    for service in run.system["services"]:
        service["name"] = service["image"] = HOSTILE
    for line in (*run.events, *run.instances, *run.faults):
        line["service"] = HOSTILE
    for line in run.breakers:
        line["breaker"] = HOSTILE


SPOILS: dict[str, Callable[[Run], None]] = {
    "PASS": passing,
    "FAIL": failing,
    "INCONCLUSIVE": unknown,
    "hostile": hostile,
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of each kind."""
    found = {}
    for name, spoil in SPOILS.items():
        run = Run()
        spoil(run)
        directory = run.write(tmp_path_factory.mktemp("report") / name)
        write(directory)
        found[name] = directory / "report.html"
    leaking = found["PASS"].with_name("leaking.html")
    leaking.write_text(found["PASS"].read_text().replace("</main>", '<img src="http://127.0.0.1:9/x"></main>'))
    return {**found, "leaking": leaking}


@pytest.fixture
def opened(browser: Browser, reports: dict[str, Path]) -> Callable[..., Any]:
    """Opens a report offline; at the end nothing may have been asked for, and nothing complained."""

    @contextmanager
    def open_(name: str, **options: Any) -> Iterator[Page]:
        trouble: list[str] = []
        url = reports[name].as_uri()
        # Without a service worker or a cache, every request passes the route.
        context = browser.new_context(service_workers="block", **options)
        context.set_offline(True)

        def only_the_file(route: Route, request: Request) -> None:
            if request.url == url:
                route.continue_()
            else:
                trouble.append(f"asked for {request.url}")
                route.abort()

        context.route("**/*", only_the_file)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        # The event is told to the console, which is watched: also what the policy blocks silently.
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
        )
        try:
            page.goto(url, wait_until="load")
            yield page
        finally:
            context.close()
        assert trouble == []

    return open_


@pytest.mark.parametrize("name", SPOILS)
def test_it_opens_offline_and_asks_for_nothing(opened: Callable[..., Any], name: str) -> None:
    with opened(name) as page:
        assert page.locator("#verdict").inner_text() in SPOILS
        assert page.title()


def test_a_report_that_asks_for_something_is_noticed(opened: Callable[..., Any]) -> None:
    """The negative control of all tests here."""
    with pytest.raises(AssertionError, match="Content Security Policy"), opened("leaking"):
        pass


def test_every_section_is_there(opened: Callable[..., Any]) -> None:
    with opened("PASS") as page:
        assert page.locator("h2, h3").filter(visible=True).all_inner_texts() == HEADINGS
        assert page.locator("figure svg:visible").count() == page.locator("figure").count() == 4


@pytest.mark.parametrize("name", ["FAIL", "INCONCLUSIVE"])
def test_the_reasons_come_first(opened: Callable[..., Any], name: str) -> None:
    with opened(name, viewport={"width": 1280, "height": 900}) as page:
        assert page.locator("#verdict").inner_text() == name
        assert page.locator("h2").first.inner_text() == "Why it is no PASS"
        reasons = page.locator(".reasons li")
        assert name in reasons.first.inner_text()
        box = reasons.first.bounding_box()
        assert box
        assert box["y"] + box["height"] < 900, "the first reason is seen without scrolling"


@pytest.mark.parametrize("name", SPOILS)
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(opened: Callable[..., Any], name: str, width: int) -> None:
    with opened(name, viewport={"width": width, "height": 844}) as page:
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        wider = page.evaluate(
            """width => [...document.querySelectorAll('body *')]
                .filter(e => !e.closest('.scroll, svg') && !e.closest('.hidden') && e.getClientRects().length)
                .filter(e => e.getBoundingClientRect().right > width + 1)
                .map(e => `${e.tagName}.${e.className.baseVal ?? e.className}: ${e.textContent.slice(0, 40)}`)""",
            width,
        )
        assert wider == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_text_of_a_chart_is_cut(opened: Callable[..., Any], width: int) -> None:
    with opened("PASS", viewport={"width": width, "height": 844}) as page:
        cut = page.locator("svg:visible").evaluate_all(
            """all => all.flatMap(svg => {
                const box = svg.getBoundingClientRect();
                return [...svg.querySelectorAll('text')]
                    .filter(text => {
                        const own = text.getBoundingClientRect();
                        return own.right > box.right + 1 || own.left < box.left - 1;
                    })
                    .map(text => text.textContent);
            })"""
        )
        assert cut == []


CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  canvas.canvas.width = canvas.canvas.height = 1;
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const layer = rgba(getComputedStyle(e).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = colour => {
    const [r, g, b] = colour.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => e.getClientRects().length && !e.closest('.hidden, [aria-hidden=true]'))
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => {
      const style = getComputedStyle(e), below = ground(e);
      const ink = rgba(e.closest('svg') ? style.fill : style.color);
      const pair = [light(over(ink, below)), light(below)].sort((a, b) => b - a);
      const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
      return {text: e.textContent.trim().slice(0, 40), svg: !!e.closest('svg'), ratio};
    });
}"""
"""Of every visible element with text of its own: WCAG's contrast between ink and what lies under it."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["PASS", "FAIL", "INCONCLUSIVE"])
def test_text_can_be_read(opened: Callable[..., Any], name: str, scheme: str) -> None:
    with opened(name, color_scheme=scheme) as page:
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        found = [one for one in page.evaluate(CONTRASTS) if not one["svg"]]
        assert len(found) > 100
        assert [one for one in found if one["ratio"] < 4.5] == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
        assert dark is (scheme == "dark")


def test_it_prints_on_pages_that_cut_no_chart(opened: Callable[..., Any]) -> None:
    with opened("PASS") as page:
        page.emulate_media(media="print")
        boxes = page.locator("figure, .receipt, .tile")
        assert boxes.count() > 5
        assert set(boxes.evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")) == {"avoid"}
        # A box higher than a page would be cut all the same: A4 less its margins.
        page.set_viewport_size({"width": 688, "height": 1016})
        heights = page.locator("figure").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert max(heights) < 1016
        assert min(heights) > 100
        pages = len(PAGES.findall(page.pdf(format="A4", prefer_css_page_size=True)))
        assert 2 <= pages <= 12


def test_a_hostile_name_is_text_and_nothing_else(opened: Callable[..., Any]) -> None:
    with opened("hostile") as page:
        assert page.evaluate("window.__hacked") is None
        assert page.locator("h1").inner_text() == HOSTILE
        assert page.locator("img, iframe").count() == 0
        assert page.locator("script").count() == 1  # our own, by its hash
        assert page.get_by_text(HOSTILE).count() > 5
