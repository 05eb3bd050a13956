"""Judge a run, and leave verdict, report and seal beside its evidence."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.evidence.jsonl import plain, write_json
from reports.evidence.manifest import write_manifest
from reports.evidence.reader import Evidence
from reports.verdict.judge import judge
from reports.verdict.model import Outcome, Reason, Verdict, merged
from reports.words import neutral, say

if TYPE_CHECKING:
    from reports.render.branding import Branding

__all__ = ["told", "write"]


def write(directory: Path | str, lang: str = "en", branding: "Branding | None" = None) -> Verdict:
    """Judge the run in `directory`; write verdict.json, report.html and, last, manifest.json. Raises OSError.

    The report is in the language `lang` and under the name that `branding` gives; the verdict knows neither.

    Call it when everything else is written: it seals the evidence, and evidence that changes after that is
    INCONCLUSIVE. A report that cannot be made is no evidence, but without one there is no PASS.
    """
    evidence = Evidence(directory)
    verdict = judge(evidence)
    report = evidence.directory / "report.html"
    try:
        from reports.render import render  # noqa: PLC0415 - a broken template must not cost the verdict

        text = render(evidence, verdict, lang, branding)
        partial = report.with_suffix(".html.tmp")
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        partial.replace(report)
    except Exception as error:  # noqa: BLE001 - whatever broke, the verdict is written
        report.unlink(missing_ok=True)
        verdict = _without_report(verdict, f"{type(error).__name__}: {error}")
    write_json(evidence.directory / "verdict.json", told(verdict))
    write_manifest(evidence.directory)
    return verdict


def _without_report(verdict: Verdict, error: str) -> Verdict:
    reason = Reason(Outcome.INCONCLUSIVE, say("report.html could not be made: {error}", error=error))
    return replace(verdict, verdict=merged([verdict.verdict, Outcome.INCONCLUSIVE]), reasons=(*verdict.reasons, reason))


def told(verdict: Verdict) -> dict[str, Any]:
    """English, and beside each sentence what it was made of: whoever reads it can say it in another language."""
    found: dict[str, Any] = {"format": 1, **plain(verdict)}
    for key in ("claims", "reasons"):
        for line, one in zip(found[key], getattr(verdict, key), strict=True):
            line["made_of"] = plain(neutral(one.sentence))
    return found
