"""The same evidence in every language: nothing untranslated, and numbers as that language writes them."""

import gettext
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from babel import Locale
from babel.messages.pofile import read_po
from evidence_builder import Run
from evidence_parts import CLOSED, END, S
from evidence_spoils import degrade_at, never_back
from test_reports_traces import traced
from wording import extracted, has_words

from reports import words
from reports.evidence.reader import Evidence
from reports.render import render
from reports.verdict import judge, write
from reports.words import Language, UnknownLanguage, joined, neutral, say, say_n, speaking, tell

Written = Callable[[Run], Evidence]
FIELD = re.compile(r"(\{[^}]*\})")
PLAIN = {
    "PASS", "FAIL", "INCONCLUSIVE",  # the verdicts have these names in every language
    "Stehauf", "chaos", "evidence", "render", "verify", "UTC", "SHA", "ms", "json", "jsonl", "html",
    "contents", "instances", "heal", "fulfilments", "journal", "faults", "manifest", "samples", "pulse",
    "events", "system", "problems", "spans",  # files
    "Product",
}  # fmt: skip


STATES = {"healthy", "starting", "down", "good", "degraded", "failed", "half-open", "slowest", "load", "method"}
"""They stand in the evidence too; alone in the page they are words of ours."""


class Pseudo(gettext.NullTranslations):
    """Every word of a msgid in letters of no alphabet that English uses."""

    def gettext(self, message: str) -> str:
        parts = FIELD.split(message)
        return "".join(part if part.startswith("{") else re.sub(r"[A-Za-z]", "ж", part) for part in parts)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


PSEUDO = Language("xx", Locale("ru"), Pseudo())


class Text(HTMLParser):
    """What a reader sees or hears: text, and attributes that are spoken."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.found += [value or "" for name, value in attrs if name in {"aria-label", "title", "alt", "data-keys"}]

    def handle_data(self, data: str) -> None:
        if self.inside not in {"style", "script"}:
            self.found.append(data)


def names_in(directory: Path) -> set[str]:
    """Every word in the evidence: names of the system under test, and what others recorded."""
    text = "".join(path.read_text() for path in directory.rglob("*.json*") if path.name != "verdict.json")
    return set(re.findall(r"[A-Za-z]+", text + str(directory)))


def spoiled(name: str) -> Run:
    run = Run()
    if name == "FAIL":
        run.samples["load-22"].add(END - S, 5, 500)
        degrade_at(run, END - 2 * S)
    if name == "never back":
        never_back(run)
    if name == "INCONCLUSIVE":
        run.problems.append({"at_ns": END, "what": "hole", "detail": "why"})
        run.samples.pop("load-22")
        run.rollbacks[0]["status"] = "failed"
        run.breakers.pop(1)
        run.heal = None
    if name == "traces":
        run = traced()
        run.spans[0]["error"] = "Away"
        run.spans = [span for span in run.spans if span["begin_ns"] < CLOSED]
    if name == "nothing":
        run.faults, run.events, run.system, run.orders = [], [], {}, []
        run.run["recording"] = None
        run.journal["steady_states"] = {}
    return run


@pytest.mark.parametrize("name", ["PASS", "FAIL", "INCONCLUSIVE", "never back", "nothing", "traces"])
def test_no_english_is_left_in_another_language(name: str, written: Written) -> None:
    evidence = written(spoiled(name))
    page = Text(render(evidence, judge(evidence), PSEUDO))
    known = names_in(evidence.directory) | PLAIN
    left = {word for text in page.found for word in re.findall(r"[A-Za-z]{2,}", text)} - known
    assert {word for word in left if not re.fullmatch(r"[0-9a-f]+", word)} == set()
    assert not {text.strip() for text in page.found} & STATES


@pytest.mark.parametrize("path", sorted(words.CATALOGUES.glob("*.po")), ids=lambda path: path.stem)
def test_a_catalogue_translates_every_sentence_and_nothing_else(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = {message.id: message for message in read_po(file) if message.id}
    assert set(catalogue) == extracted()
    for message in catalogue.values():
        forms = (message.string,) if isinstance(message.string, str) else message.string
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        english = message.id if isinstance(message.id, str) else message.id[1]
        for form in forms[-1:]:
            assert set(FIELD.findall(form)) <= set(FIELD.findall(english)), message.id
            assert not set(FIELD.findall(english)) - set(FIELD.findall(form)), message.id


def test_german_is_german_down_to_its_numbers(run: Run, written: Written) -> None:
    evidence = written(run)
    page = render(evidence, judge(evidence), "de")
    assert '<html lang="de">' in page
    assert "Jede Behauptung trifft zu" in page
    assert "28. Mai 2026, 20:26 UTC" in page
    assert "Absturz von product" in page
    assert re.search(r"von \d\.\d{3}<", page)
    assert "0,113 s" in page
    assert "1.0.113" not in page


def test_english_writes_english_numbers(run: Run, written: Written) -> None:
    evidence = written(run)
    page = render(evidence, judge(evidence))
    assert '<html lang="en">' in page
    assert re.search(r"of \d,\d{3}<", page)
    assert "0.113 s" in page


def test_the_verdict_is_the_same_in_every_language(run: Run, written: Written) -> None:
    directory = written(run).directory
    write(directory)
    before = (directory / "verdict.json").read_bytes(), (directory / "report.html").read_text()
    write(directory, "de")
    assert (directory / "verdict.json").read_bytes() == before[0]
    assert (directory / "report.html").read_text() != before[1]
    write(directory)
    assert (directory / "report.html").read_text() == before[1]


def test_the_verdict_says_what_a_sentence_was_made_of(written: Written) -> None:
    directory = written(spoiled("FAIL")).directory
    write(directory)
    reason = json.loads((directory / "verdict.json").read_text())["reasons"][0]
    assert reason["sentence"] == "“failed requests”: observed 1 (at the time 0), claimed 0"
    assert reason["made_of"]["msgid"] == "“{name}”: observed {observed}, claimed {limit}"
    assert reason["made_of"]["arguments"]["observed"]["arguments"] == {"now": "1", "then": "0"}


def test_a_sentence_is_told_with_its_parts() -> None:
    inner = say("more than {measured}", measured=say("{value:,.1f} s", value=1234.5))
    sentence = joined(
        [say_n("{file}: {n} damaged line dropped", "{file}: {n} damaged lines dropped", 2, file="x"), inner]
    )
    assert sentence == "x: 2 damaged lines dropped; more than 1,234.5 s"
    with speaking("de"):
        assert tell(sentence) == "x: 2 beschädigte Zeilen ausgelassen; mehr als 1.234,5 s"
    assert tell(sentence) == sentence
    assert neutral("plain") == {}


def test_braces_in_a_name_stay_text() -> None:
    assert say("canary “{name}”", name="{0.__class__}") == "canary “{0.__class__}”"


def test_a_language_without_a_catalogue_is_refused_by_name(run: Run, written: Written) -> None:
    evidence = written(run)
    with pytest.raises(UnknownLanguage, match=r"'fr'; known are de, en|'fr'; known are en, de"):
        render(evidence, judge(evidence), "fr")
    with pytest.raises(UnknownLanguage), speaking("../secret"):
        pass


def test_what_counts_as_words() -> None:
    assert has_words("canary “{name}”")
    assert not has_words("{value:.3g}")


def test_an_experiment_brings_its_own_words(run: Run, written: Written) -> None:
    run.experiment["extensions"] = [
        {"name": "stehauf", "translations": {"de": {"failed requests": "<b>Fehlschläge</b>", "lost orders": 3}}}
    ]
    run.samples["load-22"].add(END - S, 5, 500)
    evidence = written(run)
    verdict = judge(evidence)
    page = render(evidence, verdict, "de")
    assert '<th scope="row">&lt;b&gt;Fehlschläge&lt;/b&gt;</th>' in page
    assert "„&lt;b&gt;Fehlschläge&lt;/b&gt;“: beobachtet" in page
    assert "Fehlschläge" not in render(evidence, verdict)


def test_our_own_experiments_are_german_whole() -> None:
    ours = (words.CATALOGUES.parents[1] / "experiments").iterdir()
    for path in sorted(path for path in ours if path.name.startswith(("kill-", "crash-loop-", "demo"))):
        experiment = yaml.safe_load(path.read_text())
        told = experiment["extensions"][0]["translations"]["de"]
        listed = [*experiment["steady-state-hypothesis"]["probes"], *experiment["method"], *experiment["rollbacks"]]
        named = {experiment["title"], experiment["description"], *(one["name"] for one in listed)}
        assert named == set(told), path
