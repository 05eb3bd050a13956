"""`chaos demo`: a whole demonstration, its words, its keys, and its end at any moment."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from harness import ROOT, Bench, is_busy, leftovers, read_until, undisturbed
from live_kit import viewers_of

from probes.demonstration.script import LANGUAGES, PHRASES, cue
from probes.demonstration.timing import seconds

QUIET = ("demo", "--fast", "--no-browser")
BOTH = [
    pytest.param("embedded", marks=pytest.mark.embedded),
    pytest.param("docker", marks=pytest.mark.docker),
]
ACTS = ["Act 1", "slower|Target: product died", "Act 3", "Act 4"]


@pytest.mark.parametrize("target", BOTH)
def test_the_fast_demo_passes_and_ends_with_its_report(target: str, request: pytest.FixtureRequest) -> None:
    """One crash and a loop, each death proved; in CI nothing is shown live, whatever the experiment asks for."""
    bench: Bench = request.getfixturevalue(target)
    run = undisturbed(lambda: bench.chaos(*QUIET, CI="1", STEHAUF_LIVE="1"), lambda run: run)
    assert run.code == 0, run.output
    assert run.verdict["verdict"] == "PASS", run.said
    receipts = run.verdict["receipts"]
    assert all(receipt["proved"] for receipt in receipts)
    loop = [receipt for receipt in receipts if receipt["fault"]["loop"]]
    assert len(receipts) == 1 + len(loop)
    assert len(loop) >= 3
    acts = [run.output.index(f"Act {number}: ") for number in (1, 2, 3, 4)]
    assert acts == sorted(acts)
    assert run.output.rstrip().endswith("report.html")
    assert "Live:" not in run.output
    assert "live view: http" not in run.output
    assert leftovers(bench) == []


@pytest.mark.embedded
@pytest.mark.parametrize("at", ACTS)
def test_ctrl_c_ends_it_cleanly(embedded: Bench, at: str) -> None:
    with embedded.started(*QUIET, CI="") as process:
        said = "".join(read_until(process, text) for text in at.split("|"))
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
    run = embedded.result(process.returncode, said + rest)
    assert run.code != 0, run.output
    assert run.verdict["verdict"] == "INCONCLUSIVE", run.said
    assert "SIGINT" in run.said
    assert "Traceback" not in run.output
    assert leftovers(embedded) == []
    assert viewers_of(embedded) == []
    status = embedded.chaos("stack", "status").output
    assert "product" in status
    assert not re.search("stopped|paused|unhealthy|starting", status), "what was broken is well again"


@pytest.mark.embedded
def test_ctrl_c_while_it_waits_for_a_key_ends_it_cleanly(embedded: Bench) -> None:
    command = [sys.executable, "-m", "chaostoolkit", *QUIET, "--pause"]
    with subprocess.Popen(
        command, cwd=embedded.folder, env={**embedded.environment, "CI": "1"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        said = read_until(process, "Press Enter")
        process.send_signal(signal.SIGINT)
        assert process.stdout
        said += process.stdout.read()
        code = process.wait(60)
    run = embedded.result(code, said)
    assert run.code != 0, run.output
    assert run.verdict["verdict"] == "INCONCLUSIVE", run.said
    assert "Traceback" not in run.output
    assert leftovers(embedded) == []


@pytest.mark.embedded
def test_with_pause_each_scene_waits_for_a_key(embedded: Bench) -> None:
    command = [sys.executable, "-m", "chaostoolkit", *QUIET, "--short", "--pause", "--lang", "de"]
    environment = {**embedded.environment, "CI": "1"}
    with subprocess.Popen(
        command, cwd=embedded.folder, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdin
        said = ""
        for act in ("1. Akt", "2. Akt: Ein Dienst", "2. Akt: Dasselbe", "3. Akt"):
            said += read_until(process, act) + read_until(process, "Eingabetaste")
            assert "Sagen Sie" in said
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.stdout
        said += process.stdout.read()
        code = process.wait(60)
    verdict = json.loads((embedded.folder / "runs" / "latest" / "verdict.json").read_text(encoding="utf-8"))
    busy = any(is_busy(reason["sentence"]) for reason in verdict["reasons"])
    assert (code, verdict["verdict"]) in {(0, "PASS"), (1, "INCONCLUSIVE") if busy else (0, "PASS")}, said
    assert "4. Akt" not in said
    assert "„wie oft der Breaker um product öffnete“: beobachtet" in said
    report = (embedded.folder / "runs" / "latest" / "report.html").read_text(encoding="utf-8")
    assert "Absturzschleife von product" in report, "who is told in German hands over a German report"


def test_every_scene_of_the_experiment_has_words_in_every_language_and_a_length() -> None:
    experiment = yaml.safe_load((ROOT / "experiments" / "demo.yaml").read_text(encoding="utf-8"))
    providers = [one["provider"] for one in experiment["method"]]
    scenes = [one["arguments"]["name"] for one in providers if one.get("func") == "scene"]
    assert len(scenes) == len(set(scenes)) == 5
    for fast in (True, False):
        assert set(seconds(fast=fast, short=False)) == set(scenes)
    for language in LANGUAGES:
        assert PHRASES[language].keys() == PHRASES["en"].keys()
        for name in scenes:
            told = cue(name, language)
            assert told.happens
            assert told.say
            assert all(len(sentence.split()) <= 24 for sentence in told.say), "short enough to be spoken"
    for name in scenes:
        assert cue(name, "de") != cue(name, "en")


def test_it_keeps_to_the_clock_that_its_help_promises() -> None:
    full = seconds(fast=False, short=False)
    assert full["normal"] == 60
    assert 300 <= sum(full.values()) <= 600
    assert sum(seconds(fast=True, short=False).values()) <= 25
    assert seconds(fast=False, short=True)["deep"] == 0


def test_the_command_is_there_and_light() -> None:
    script = (
        "import sys, probes.cli.demo; print(sorted(m for m in sys.modules if m in ('docker', 'numpy', 'chaoslib')))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
    helped = subprocess.run(
        [sys.executable, "-m", "chaostoolkit", "demo", "--help"], capture_output=True, text=True, check=True,
        cwd=Path(os.devnull).parent,
    ).stdout  # fmt: skip
    for option in ("--fast", "--short", "--pause", "--lang", "--no-browser"):
        assert re.search(rf"^\s+{option}\b", helped, re.MULTILINE)
