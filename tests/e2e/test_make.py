"""The README's commands, typed as they stand there. They take minutes: `make test-long` runs them."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from harness import ROOT, Bench

TARGETS = [pytest.param("docker", marks=pytest.mark.docker), pytest.param("embedded", marks=pytest.mark.embedded)]


def made(bench: Bench, *words: str) -> "subprocess.CompletedProcess[str]":
    """`make` in the checkout, with an environment that is there already, on a stack of its own."""
    return subprocess.run(
        ["make", "--no-print-directory", *words, f"VENV={sys.prefix}"],
        cwd=ROOT, env={**os.environ, **bench.environment, "CI": "1"}, timeout=900,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_make_runs_the_main_job(target: str, tmp_path: Path) -> None:
    """`make demo`, with any Python that there is."""
    bench = Bench(target, tmp_path)
    done = made(bench, "demo", f"PYTHON={sys.executable}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    (report,) = (tmp_path / "runs").glob("2*/report.html")
    assert "PASS" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("target", TARGETS)
def test_make_gate_is_green_and_leaves_what_ci_collects(target: str, tmp_path: Path) -> None:
    """`STEHAUF_TARGET=docker make gate ARGS="--junit-xml junit.xml --alluredir allure-results"`."""
    junit, allure = tmp_path / "junit.xml", tmp_path / "allure-results"
    done = made(Bench(target, tmp_path), "gate", f"ARGS=--junit-xml {junit} --alluredir {allure}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    suite = ET.parse(junit).getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) > 1
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert list(allure.glob("*-result.json"))
    assert (tmp_path / "runs" / "verdicts.json").exists()
    assert "--all" in (ROOT / "Makefile").read_text(encoding="utf-8")
