"""The report: one file that loads nothing, readable whatever the verdict, and deaf to hostile names."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from evidence_builder import Run
from evidence_parts import END, S

from reports.evidence.reader import Evidence
from reports.render import look, render
from reports.verdict import Outcome, judge, write

Written = Callable[[Run], Evidence]
HOSTILE = "<script>alert('x')</script>\"&<img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects tags, attributes and ids, and holds every element to be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def spoiled(name: str) -> Run:
    run = Run()
    if name == "FAIL":
        run.samples["load-22"].add(END - S, 5, 500)
    if name == "INCONCLUSIVE":
        run.problems.append({"at_ns": END, "what": "a gap in the events"})
        run.samples.pop("load-22")
    return run


@pytest.mark.parametrize("name", ["PASS", "FAIL", "INCONCLUSIVE"])
def test_every_verdict_makes_a_whole_page(name: str, written: Written) -> None:
    evidence = written(spoiled(name))
    verdict = judge(evidence)
    assert verdict.verdict == name
    text = render(evidence, verdict)
    page = Page(text)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert f'<span id="verdict">{name}</span>' in text
    if verdict.reasons:
        assert text.index("Why it is no PASS") < text.index("The run at a glance")


def test_nothing_is_loaded_and_nothing_runs_but_our_own_script(run: Run, written: Written) -> None:
    evidence = written(run)
    text = render(evidence, judge(evidence))
    page = Page(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert [tag for tag, _ in page.tags].count("script") == len(scripts) == 1
    assert not {"link", "img", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.tags}
    loading = {"src", "href", "xlink:href", "srcset", "action", "style", "background", "poster", "data"}
    for _, attrs in page.tags:
        assert not loading & attrs.keys()
        assert not [name for name in attrs if name.startswith("on")]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert not re.search(
        r"https?:|fetch\(|XMLHttp|import\(|eval\(|innerHTML", scripts[0].replace("http://www.w3.org/2000/svg", "")
    )


def poison(value: object) -> object:
    """Every text in the evidence that a system may choose becomes hostile."""
    if isinstance(value, dict):
        return {key: poison(item) for key, item in value.items()}
    if isinstance(value, list):
        return [poison(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def test_hostile_names_stay_text(run: Run, written: Written) -> None:
    run.experiment = {**run.experiment, "title": HOSTILE, "description": HOSTILE}
    run.system = poison(run.system)  # type: ignore[assignment]
    run.run["versions"] = {HOSTILE: HOSTILE}
    run.run["target"] = {"name": HOSTILE, "project": HOSTILE, "why": HOSTILE}
    run.run["command"] = run.run["run"] = HOSTILE
    for lines in (run.events, run.instances, run.faults, run.breakers):
        for line in lines:
            line.update({key: HOSTILE for key in ("service", "instance", "id", "breaker", "detail") if key in line})
    run.problems.append({"at_ns": END, "what": HOSTILE, "detail": HOSTILE})
    for one in run.method:
        one["activity"]["name"] = HOSTILE
    evidence = written(run)
    text = render(evidence, judge(evidence))
    assert text.count("<script") == 1
    assert "<script>alert" not in text
    assert "<img" not in text
    Page(text)


def test_what_no_user_noticed_is_told_as_that(run: Run, written: Written) -> None:
    for samples in run.samples.values():
        samples.rows = [(due, latency, lag, 200, 0, name, 0) for due, latency, lag, _, _, name, _ in samples.rows]
    evidence = written(run)
    page = render(evidence, judge(evidence))
    assert "No user noticed: every answer was good while “product” was broken. Nobody helped" in page
    assert "was back for users." not in page


def test_one_good_answer_among_bad_ones_is_not_told_as_a_recovery(run: Run, written: Written) -> None:
    sound = written(run)
    assert "was back for users. Nobody" in render(sound, judge(sound))
    run.samples["canary-shop-21"].add(END - S, 5, 500)
    evidence = written(run)
    page = render(evidence, judge(evidence))
    assert "gave users a good answer again; the last bad one came at" in page
    assert "was back for users. Nobody" not in page


def test_an_empty_directory_still_makes_a_report(tmp_path: Path) -> None:
    assert write(tmp_path).verdict == Outcome.INCONCLUSIVE
    Page((tmp_path / "report.html").read_text())


def test_evidence_without_samples_or_faults_still_makes_a_report(run: Run, written: Written) -> None:
    run.samples, run.faults, run.orders = {}, [], []
    evidence = written(run)
    text = render(evidence, judge(evidence))
    Page(text)
    assert "Nothing was broken: the evidence has no record of a fault, and no receipt." in text
    assert "The evidence does not show: what users saw." in text
    assert 'id="users"' not in text
    assert 'id="broken"' not in text


def test_values_of_the_wrong_kind_still_make_a_report(run: Run, written: Written) -> None:
    run.system = {"services": [{"name": 3, "ports": None, "health_interval_s": "x"}, "y"], "project": []}
    run.run.update(versions=3, clock=[], started_ns="x", target=None)
    evidence = written(run)
    Page(render(evidence, judge(evidence)))


def test_a_report_that_cannot_be_made_costs_the_pass_and_not_the_verdict(
    run: Run, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = written(run).directory

    def broken(*_: object) -> str:
        raise ZeroDivisionError("a chart")

    monkeypatch.setattr("reports.render.render", broken)
    assert write(directory).verdict == Outcome.INCONCLUSIVE
    kept = json.loads((directory / "verdict.json").read_text())
    assert kept["verdict"] == "INCONCLUSIVE"
    assert kept["reasons"][0]["sentence"] == "report.html could not be made: ZeroDivisionError: a chart"
    assert not (directory / "report.html").exists()


@pytest.mark.parametrize(("name", "code"), [("PASS", 0), ("FAIL", 1), ("INCONCLUSIVE", 2)])
def test_the_command_exits_0_only_on_pass(name: str, code: int, written: Written) -> None:
    directory = written(spoiled(name)).directory
    done = subprocess.run([sys.executable, "-m", "reports", directory], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(f"{name}: {directory}/report.html")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--help"], ["nowhere"], ["."]])
def test_a_usage_error_is_a_sentence(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reports", *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode not in (0, 1, 2)
    assert "reports/runs" in done.stderr or "not the evidence of a run" in done.stderr
    assert "Traceback" not in done.stderr


def test_compiled_templates_are_kept_and_a_page_is_made_where_they_cannot_be(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = written(Run())
    pages = []
    for name in ("kept", "kept", "full/of"):
        if name == "full/of":
            (tmp_path / "full").write_text("no folder", encoding="utf-8")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        look._environment.cache_clear()
        pages.append(render(evidence, judge(evidence)))
    look._environment.cache_clear()
    assert pages[0] == pages[1] == pages[2]
    assert list((tmp_path / "kept").rglob("*.cache"))
