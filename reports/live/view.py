"""The sections of the page as the evidence has them now: the run while it goes on, the report when it is over."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from markupsafe import escape

from reports.evidence.jsonl import read_json
from reports.evidence.reader import Evidence
from reports.live.sections import PROVISIONAL, sections, title_of
from reports.live.stage import stage
from reports.render import render
from reports.render.branding import Branding
from reports.render.look import fragment
from reports.render.names import names
from reports.verdict.faults import receipts
from reports.verdict.model import Outcome, Verdict
from reports.words import say, speaking, tell

__all__ = ["View", "Viewer"]

_SHARE = 9
"""The whole report is rendered again when this many times as long as it took has passed: a tenth of a core."""
_HUSH_MS = 30_000
"""While a fault is this young and users are not back, it waits: what is measured must not be disturbed. The live
section costs a hundredth of a report."""


@dataclass(frozen=True, slots=True)
class View:
    """The page at one moment."""

    title: str
    parts: dict[str, str]
    """HTML by key, in the order of the page."""
    said: str
    final: bool


class Viewer:
    """Looks at one run's directory."""

    def __init__(self, directory: Path, lang: str = "en", branding: Branding | None = None) -> None:
        self._directory = directory
        self._lang, self._branding = lang, branding or Branding()
        self._report: dict[str, str] = {}
        self._again_at = 0.0

    def look(self) -> View:
        """The view now. Raises whatever the renderer raises over evidence that is only half there."""
        return self._ended() or self._running()

    def over(self) -> View:
        """The view when the run has ended, with a report or without one."""
        ended = self._ended()
        if ended is not None:
            return ended
        evidence = Evidence(self._directory)
        with speaking(self._lang, names(evidence, self._lang)):
            told = fragment("live.html.j2", over=True, stage=stage(evidence))
            title = str(tell(say("Ended without a report")))
        return View(title, {"live": told, **self._report}, title, final=True)

    def _ended(self) -> View | None:
        """The report itself, once it and the verdict are there."""
        verdict = read_json(self._directory / "verdict.json")
        try:
            report = (self._directory / "report.html").read_text(encoding="utf-8")
        except OSError:
            return None
        if verdict is None:
            return None
        with speaking(self._lang):
            told = str(tell(say("Verdict: {verdict}", verdict=verdict.get("verdict"))))
        return View(title_of(report), sections(report), told, final=True)

    def _running(self) -> View:
        evidence = Evidence(self._directory)
        with speaking(self._lang, names(evidence, self._lang)):
            now = stage(evidence)
            told = fragment("live.html.j2", over=False, stage=now)
            title, said = (str(tell(one)) for one in (say("Running: {title}", title=now.title), now.said))
        if now.asked_ms is None or time.time() * 1e3 - now.asked_ms > _HUSH_MS:
            self._render(evidence)
        return View(escape(title), {"live": told, **self._report}, said, final=False)

    def _render(self, evidence: Evidence) -> None:
        """The report's own sections, without a word about a verdict: nothing is judged before the end."""
        begun = time.monotonic()
        if begun < self._again_at:
            return
        none_yet = Verdict(Outcome.INCONCLUSIVE, (), (), receipts(evidence))
        found = sections(render(evidence, none_yet, self._lang, self._branding))
        self._report = {key: part for key, part in found.items() if key not in PROVISIONAL}
        done = time.monotonic()
        self._again_at = done + _SHARE * (done - begun)


def as_message(view: View, known: dict[str, str]) -> dict[str, object]:
    """What a page that has `known` needs to become `view`."""
    changed = {key: part for key, part in view.parts.items() if known.get(key) != part}
    told = {key: value for key, value in asdict(view).items() if key != "parts"}
    return {**told, "order": list(view.parts), "parts": changed}
