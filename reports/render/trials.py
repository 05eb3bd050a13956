"""One page over the runs of one experiment: how often it passed, how much it varies, whether it got worse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.render.branding import Branding
from reports.render.formats import decimal, milliseconds, percent, seconds
from reports.render.look import page
from reports.render.names import names
from reports.render.svg import Scale, el, svg
from reports.trials.comparison import ALPHA, PASSES, Change, Comparison, most_alarms
from reports.trials.reading import FIGURE_NAMES, Trials
from reports.trials.statistics import Spread, allowed, in_percent, most_failures, spread
from reports.verdict.model import Outcome
from reports.words import N_, Language, say, speaking, tell

__all__ = ["render_trials"]

STRIP = (220.0, 22.0)
"""Width and height of the strip that shows each run as a dot."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure over all runs, told."""

    name: str
    spread: Spread
    told: dict[str, str]
    strip: Markup


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A figure against the baseline, told."""

    name: str
    before: str
    now: str
    p: str
    limit: str
    regressed: bool


def render_trials(
    trials: Trials,
    comparison: Comparison | None = None,
    lang: str | Language = "en",
    branding: Branding | None = None,
) -> str:
    """The page. Raises UnknownLanguage."""
    known = names(Evidence(trials.first), lang) if trials.first else {}
    with speaking(lang, known):
        return page(
            "trials.html.j2",
            branding or Branding(),
            trials=trials,
            verdict=trials.outcome,
            counts={outcome.value: sum(one.outcome == outcome for one in trials.trials) for outcome in Outcome},
            bound=allowed(trials.passed, len(trials.trials)),
            begin_ns=next((one.began_ns for one in trials.trials if one.began_ns), None),
            figures=[row for number, name in enumerate(FIGURE_NAMES) if (row := _figure(trials, name, number))],
            claims=_claims(trials),
            comparison=comparison,
            changes=[_change(one) for one in comparison.changes] if comparison else [],
            missing=", ".join(str(tell(say(FIGURE_NAMES[name]))) for name in comparison.missing) if comparison else "",
            alpha=decimal(ALPHA * 100),
            alarms=most_alarms(20),
        )


def _figure(trials: Trials, name: str, number: int) -> FigureRow | None:
    values = trials.values(name)
    found = spread(values)
    if found is None:
        return None
    unit = _unit(name)
    interval = say("unknown: too few runs")
    if found.median_low is not None and found.median_high is not None:
        interval = say("{low} to {high}", low=unit(found.median_low), high=unit(found.median_high))
    told = {
        "median": unit(found.median),
        "interval": interval,
        "p95": unit(found.p95),
        "range": say("{low} to {high}", low=unit(found.low), high=unit(found.high)),
        "below": say("{share} or more of all runs", share=percent(found.below_high)),
    }
    return FigureRow(say(FIGURE_NAMES[name]), found, told, _strip(f"strip{number}", name, values, unit))


def _strip(name: str, figure: str, values: tuple[float, ...], unit: Callable[[float], str]) -> Markup:
    """A dot a run, between zero and the largest."""
    width, height = STRIP
    scale = Scale(0.0, max(*values, 1e-9), 6, width - 6)
    dots = [
        el("circle", el("title", unit(value)), cx=scale(value), cy=height / 2, r=4, cls="out-good", fill_opacity="0.6")
        for value in values
    ]
    line = el("line", x1=6, x2=width - 6, y1=height / 2, y2=height / 2, cls="grid")
    told = say("one dot a run, from 0 to {largest}", largest=unit(max(values)))
    return svg(name, STRIP, (str(tell(FIGURE_NAMES[figure])), str(tell(told))), [line, *dots], "chart strip")


def _claims(trials: Trials) -> list[dict[str, Any]]:
    """Each claim with how often it held; of an INCONCLUSIVE run no PASS is known."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for trial in trials.trials:
        for claim in trial.claims:
            if claim.phase != "before":
                known = claim.verdict == Outcome.FAIL or trial.outcome != Outcome.INCONCLUSIVE
                outcome = claim.verdict if known else Outcome.INCONCLUSIVE
                found.setdefault((claim.name, claim.phase), []).append(outcome)
    return [_claim(name, outcomes, len(trials.trials)) for (name, _), outcomes in found.items()]


def _claim(name: str, outcomes: list[Outcome], count: int) -> dict[str, Any]:
    held, failed = outcomes.count(Outcome.PASS), outcomes.count(Outcome.FAIL)
    allows = say("up to {rate} %", rate=in_percent(most_failures(held, count)))
    return {"name": name, "held": held, "failed": failed, "unknown": count - held - failed, "allows": allows}


def _change(change: Change) -> ChangeRow:
    if change.figure == PASSES:
        told = N_("{passed} of {count}")
        before, now = (say(told, passed=int(one[0]), count=int(one[1])) for one in (change.before, change.now))
        name = say("passes")
    else:
        before, now = (_unit(change.figure)(value) for value in change.medians)
        name = say(FIGURE_NAMES[change.figure])
    return ChangeRow(name, before, now, _p(change.p), _p(change.limit), change.regressed)


def _unit(figure: str) -> Callable[[float], str]:
    return {"seconds": seconds, "ms": milliseconds}.get(figure.rpartition("_")[2], lambda value: decimal(value, 0))


def _p(value: float) -> str:
    return decimal(value, 4) if value >= 0.0001 else f"< {decimal(0.0001, 4)}"  # noqa: PLR2004 - digits shown
