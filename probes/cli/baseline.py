"""`chaos baseline`: keep the figures of a set of trials, and say later whether they got worse than noise explains."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from probes.cli.sentences import sentences

if TYPE_CHECKING:
    from probes.settings import Settings

__all__ = ["baseline"]

TRIALS = click.argument("trials", default="latest")
FILE = click.option(
    "--file", "path", type=click.Path(path_type=Path), default=Path("baseline.json"), show_default=True,
    help="The baseline.",
)  # fmt: skip
INCONCLUSIVE = 2


@click.group()
def baseline() -> None:
    """What runs were like, as a small file to commit, and whether they got worse.

    TRIALS is a set that `chaos trials` made: its folder, its name, a part that only one name has, or `latest`.
    """


@baseline.command()
@TRIALS
@FILE
@click.option("--force", is_flag=True, help="Replace a baseline that is there; a set without a PASS is kept, too.")
def save(trials: str, path: Path, force: bool) -> None:
    """Keep the figures of TRIALS as the baseline."""
    from probes.errors import ConfigurationError  # noqa: PLC0415 - see the package's docstring
    from probes.trials.shelf import find  # noqa: PLC0415
    from reports.trials.baseline import baseline_of, write_baseline  # noqa: PLC0415
    from reports.trials.reading import read_trials  # noqa: PLC0415

    with sentences():
        directory = find(_settings().runs, trials)
        if path.exists() and not force:
            raise ConfigurationError(f"{path} is there already: name another --file, or replace it with --force")
        try:
            found = read_trials(directory)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        if not found.passed and not force:
            raise ConfigurationError(
                f"No run of {directory.name} is a PASS: a baseline should show the system well. Keep it with --force"
            )
        kept = baseline_of(found)
        write_baseline(kept, path)
    click.echo(f"{path}: {kept.count} runs, {kept.passed} of them PASS; {', '.join(kept.figures)}")


@baseline.command()
@TRIALS
@FILE
@click.option("--anyway", is_flag=True, help="Compare what is unlike, too: another target, machine or experiment.")
@click.option("--lang", default=None, help="Language of the report: en or de; default: STEHAUF_LANG.")
@click.option("--branding", type=click.Path(path_type=Path), default=None, help="YAML file: name, logo, accent.")
def compare(trials: str, path: Path, anyway: bool, lang: str | None, branding: Path | None) -> None:
    """Compare TRIALS with the baseline, and put that into their report.

    Exit code 1 if a figure got worse than the noise between runs explains, 2 if there are too few runs to tell, else 0.
    """
    from probes.cli.trials import held_against, reported  # noqa: PLC0415
    from probes.trials.shelf import find  # noqa: PLC0415

    with sentences():
        settings = _settings()
        directory = find(settings.runs, trials)
        language, look = lang or settings.lang, branding or settings.branding
        found, report = reported(directory, language, look)
        comparison = held_against(found, path, report, language, look, anyway=anyway)
    click.echo(f"Report: {report}")
    if comparison.regressed:
        raise SystemExit(1)
    raise SystemExit(INCONCLUSIVE if comparison.too_few else 0)


def _settings() -> "Settings":
    from probes.settings import Settings  # noqa: PLC0415

    return Settings.from_environment()
