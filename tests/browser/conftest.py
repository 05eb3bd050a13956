"""Chromium as the distribution packages it, driven by Playwright, with everything that calls home off."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "e2e"), str(TESTS / "reports")]

from harness import Bench  # noqa: E402 - found by the line above

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module: while Playwright runs, its event loop does, and no test elsewhere could start one."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=[*QUIET])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Our stack as processes, up for the browser's tests."""
    with Bench("embedded", tmp_path_factory.mktemp("embedded")).up() as bench:
        yield bench
