"""A live run, and browsers that watch it."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from harness import Bench, read_until
from playwright.sync_api import Browser, sync_playwright

from experiments import probe, smallest
from experiments import python as call

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def watched(seconds: int = 6) -> dict[str, Any]:
    """The smallest experiment, with time to look before and after the crash."""
    experiment = smallest()
    arguments = experiment["controls"][0]["provider"]["arguments"]
    arguments |= {"breakers": "${shop}/breakers", "rate": 100}  # three failures open it; the crash lasts some 0.1 s
    experiment["method"][0]["pauses"] = {"before": seconds}
    opened = call("probes.figures", "breaker_opened", breaker="product")
    experiment["method"].append(probe("opened", {"type": "range", "range": [0, 9]}, opened, pauses={"after": seconds}))
    return experiment


def url_of(process: "subprocess.Popen[str]") -> str:
    """The URL that the run tells."""
    found = re.search(r"http://127\.0\.0\.1:\d+/", read_until(process, "Live: http"))
    assert found
    return found[0]


def viewers_of(bench: Bench) -> list[psutil.Process]:
    """Live views of this bench that are still served."""
    there = ((" ".join(one.info["cmdline"] or []), one) for one in psutil.process_iter(["cmdline"]))
    return [process for command, process in there if "reports.live" in command and str(bench.folder) in command]
