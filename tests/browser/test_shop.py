"""The shop of the demo stack, as a shopper uses it."""

import re
from collections.abc import Iterator

import pytest
from harness import Bench
from playwright.sync_api import Browser, Page, expect

from probes.run.opening import open_target
from probes.settings import Settings
from probes.targets.api import Target

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

NOTICE = "Showing the catalogue as of"


@pytest.fixture
def page(browser: Browser, embedded: Bench) -> Iterator[Page]:
    trouble: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    page.goto(embedded.shop)
    yield page
    context.close()
    assert trouble == []


@pytest.fixture
def target(embedded: Bench, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The target itself, as an operator has it."""
    monkeypatch.setenv("XDG_STATE_HOME", embedded.environment["XDG_STATE_HOME"])
    return open_target(Settings.from_environment(embedded.environment))[0]


def test_an_order_placed_by_clicks_ends_as_fulfilled(page: Page) -> None:
    expect(page.locator("#products .product")).to_have_count(8, timeout=30_000)
    page.get_by_role("button", name="Add Classic tumbler to the basket").click()
    expect(page.locator("#basket")).to_contain_text("Classic tumbler")
    page.get_by_role("button", name="Place order").click()
    order = page.locator("#orders li").first
    expect(order).to_contain_text("Classic tumbler", timeout=30_000)
    expect(order.locator(".steps .done")).to_have_text(["Received", "Accepted", "Fulfilled"], timeout=30_000)
    expect(page.locator("#basket-empty")).to_be_visible()
    expect(page.locator("#message")).to_be_hidden()


def test_while_product_is_away_a_notice_says_so_and_then_goes(page: Page, target: Target) -> None:
    notice, products = page.locator("#notice"), page.locator("#products .product")
    expect(products).to_have_count(8, timeout=30_000)
    expect(notice).to_be_hidden()
    (product,) = target.instances("product")
    target.stop(product)
    try:
        expect(notice).to_have_text(re.compile(NOTICE), timeout=30_000)
        expect(notice).to_be_visible()
        expect(products).to_have_count(8)
    finally:
        target.start(product)
    expect(notice).to_be_hidden(timeout=30_000)
    expect(products).to_have_count(8)
