"""`chaos trials`: one experiment many times, judged and reported together."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from probes.cli.sentences import sentences

if TYPE_CHECKING:
    from reports.trials.comparison import Comparison
    from reports.trials.reading import Trials

__all__ = ["trials"]


@click.command()
@click.argument("number", metavar="N", type=click.IntRange(1, 1000))
@click.argument("experiment", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--baseline", type=click.Path(path_type=Path), default=None, help="Compare with this baseline, too.")
@click.option("--lang", default=None, help="Language of the report: en or de; default: STEHAUF_LANG.")
@click.option("--branding", type=click.Path(path_type=Path), default=None, help="YAML file: name, logo, accent.")
def trials(number: int, experiment: Path, baseline: Path | None, lang: str | None, branding: Path | None) -> None:
    """Run EXPERIMENT N times and report on all runs together.

    Exit code 0 only if every run is a PASS, and, with a baseline, nothing got worse.

    Each is an ordinary `chaos run` with its own evidence. On Docker the next one begins 11 s after the last has ended:
    the engine's restart backoff is forgotten after 10 s of uptime. Ctrl-C ends the run that is going on, which undoes
    what it did, and reports on those that there are.
    """
    from probes.settings import Settings  # noqa: PLC0415 - see the package's docstring
    from probes.trials.running import Series  # noqa: PLC0415

    with sentences():
        settings = Settings.from_environment()
        _look(lang or settings.lang, branding or settings.branding, baseline)  # a typo costs no hour of runs
        settings.runs.mkdir(parents=True, exist_ok=True)
        series = Series(experiment, number, settings.runs, click.echo)
        series.make()
        found, report = reported(series.directory, lang or settings.lang, branding or settings.branding)
    tell(found)
    click.echo(f"Report: {report}")
    code = 0 if found.outcome == "PASS" else 1
    if baseline:
        with sentences():
            comparison = held_against(found, baseline, report, lang or settings.lang, branding or settings.branding)
        code = 1 if comparison.regressed or comparison.too_few else code
    raise SystemExit(code)


def reported(directory: Path, lang: str, branding: Path | None) -> "tuple[Trials, Path]":
    """The set in `directory`, and the page about it. Raises ConfigurationError where it is none."""
    from probes.errors import ConfigurationError  # noqa: PLC0415
    from reports.trials.reading import read_trials  # noqa: PLC0415

    try:
        found = read_trials(directory)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return found, _page(found, None, directory / "report.html", lang, branding)


def held_against(  # noqa: PLR0913 - what a page is made of
    found: "Trials", baseline: Path, report: Path, lang: str, branding: Path | None, *, anyway: bool = False
) -> "Comparison":
    """The set against a baseline, said and put into its page. Raises ConfigurationError where they are unlike."""
    from probes.trials.comparing import compared  # noqa: PLC0415

    comparison = compared(found, baseline, anyway=anyway)
    _page(found, comparison, report, lang, branding)
    _tell_changes(comparison)
    return comparison


def _page(found: "Trials", comparison: "Comparison | None", report: Path, lang: str, branding: Path | None) -> Path:
    from reports.render.branding import Branding, read_branding  # noqa: PLC0415
    from reports.render.trials import render_trials  # noqa: PLC0415

    look = read_branding(branding) if branding else Branding()
    report.write_text(render_trials(found, comparison, lang, look), encoding="utf-8", errors="backslashreplace")
    return report


def tell(found: "Trials") -> None:
    """Say what came of the set: each figure, and passes with their bound."""
    from reports.trials.reading import FIGURE_NAMES  # noqa: PLC0415
    from reports.trials.statistics import allowed, spread  # noqa: PLC0415

    for name, title in FIGURE_NAMES.items():
        over = spread(found.values(name))
        if over:
            unit = {"seconds": " s", "ms": " ms"}.get(name.rpartition("_")[2], "")
            bound = "too few runs for its bound"
            if over.median_low is not None and over.median_high is not None:
                bound = f"95 % confidence {over.median_low:.4g} to {over.median_high:.4g}"
            told = (
                f"median {over.median:.4g}{unit} ({bound}), p95 {over.p95:.4g}, range {over.low:.4g} to {over.high:.4g}"
            )
            click.echo(f"  {title:20} {told}")
    counts = {outcome: sum(trial.outcome == outcome for trial in found.trials) for outcome in ("FAIL", "INCONCLUSIVE")}
    click.echo(
        f"{allowed(found.passed, len(found.trials))} FAIL: {counts['FAIL']}, INCONCLUSIVE: {counts['INCONCLUSIVE']}"
    )
    ended = f", interrupted by {found.interrupted}" if found.interrupted else ""
    click.echo(f"Verdict of {len(found.trials)} of {found.planned} runs: {found.outcome}{ended}")


def _tell_changes(comparison: "Comparison") -> None:
    from reports.trials.comparison import PASSES  # noqa: PLC0415
    from reports.trials.reading import FIGURE_NAMES  # noqa: PLC0415

    for sentence in comparison.unlike:
        click.echo(f"Compared all the same: {sentence}")
    for change in comparison.changes:
        outcome = "REGRESSION" if change.regressed else "within the noise"
        before, now = (f"{value:.4g}" for value in change.medians)
        if change.figure == PASSES:
            before, now = (f"{int(one[0])} of {int(one[1])}" for one in (change.before, change.now))
        name = FIGURE_NAMES.get(change.figure, change.figure)
        click.echo(f"  {name:20} {before} → {now}: {outcome} (p {change.p:.4f}, limit {change.limit:.4f})")
    if comparison.missing:
        click.echo(f"Not compared, since only one of the two has it: {', '.join(comparison.missing)}")
    if comparison.regressed:
        click.echo("Worse than the noise between runs explains")
    else:
        click.echo(comparison.too_few or "Nothing is worse than the noise between runs explains")


def _look(lang: str, branding: Path | None, baseline: Path | None) -> None:
    from probes.errors import ConfigurationError  # noqa: PLC0415
    from reports.render.branding import read_branding  # noqa: PLC0415
    from reports.trials.baseline import read_baseline  # noqa: PLC0415
    from reports.words import speaking  # noqa: PLC0415

    with speaking(lang):
        if branding:
            read_branding(branding)
    try:
        if baseline:
            read_baseline(baseline)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
