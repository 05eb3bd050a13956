"""`chaos evidence`: the runs and what can be done with them afterwards: list, verify, render, pdf, suite, prune."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from probes.cli.sentences import sentences

if TYPE_CHECKING:
    from probes.settings import Settings

__all__ = ["evidence"]

RUN = click.argument("run", default="latest")
LANG = click.option("--lang", default=None, help="Language of the report: en or de; default: STEHAUF_LANG.")
BRANDING = click.option(
    "--branding", type=click.Path(path_type=Path), default=None, help="YAML file: name, logo, accent."
)


@click.group()
def evidence() -> None:
    """The evidence of runs: list it, check it, make its reports, clear it.

    RUN is a folder, a run's name, a part that only one name has, or `latest`.
    """


@evidence.command("list")
def list_() -> None:
    """Show every run with its verdict, oldest first."""
    from probes.evidence.shelf import told  # noqa: PLC0415 - see the package's docstring

    with sentences():
        for row in told(_settings().runs):
            click.echo(row)


@evidence.command()
@RUN
def verify(run: str) -> None:
    """Check the hashes of RUN, judge it again from raw data, and compare. Exit code 0 only if all agrees."""
    from probes.evidence.shelf import find  # noqa: PLC0415
    from probes.evidence.verify import verify as check  # noqa: PLC0415

    with sentences():
        directory = find(_settings().runs, run)
        found = check(directory)
    for sentence in found.agreements:
        click.echo(f"ok   {sentence}")
    for sentence in found.differences:
        click.echo(f"no   {sentence}")
    click.echo(f"{directory.name}: {'verified' if found.agrees else 'NOT verified'}, verdict {found.verdict}")
    raise SystemExit(0 if found.agrees else 1)


@evidence.command()
@RUN
@LANG
@BRANDING
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Another file than the run's report.html.")
def render(run: str, lang: str | None, branding: Path | None, out: Path | None) -> None:
    """Make the report of RUN again, from its evidence alone."""
    from probes.evidence.making import report  # noqa: PLC0415
    from probes.evidence.shelf import find  # noqa: PLC0415

    with sentences():
        settings = _settings()
        path, verdict = report(find(settings.runs, run), lang or settings.lang, branding or settings.branding, out)
    click.echo(f"{verdict}: {path}")


@evidence.command()
@RUN
@LANG
@BRANDING
@click.option("--out", type=click.Path(path_type=Path), default=None, help="File; default: report.pdf of the run.")
def pdf(run: str, lang: str | None, branding: Path | None, out: Path | None) -> None:
    """Print the report of RUN into a PDF, with Chromium."""
    from probes.evidence.making import printed  # noqa: PLC0415
    from probes.evidence.shelf import find  # noqa: PLC0415

    with sentences():
        settings = _settings()
        click.echo(printed(find(settings.runs, run), lang or settings.lang, branding or settings.branding, out))


@evidence.command()
@click.argument("runs", nargs=-1, required=True)
@LANG
@BRANDING
@click.option("--out", type=click.Path(path_type=Path), default=Path("suite.html"), show_default=True)
@click.option("--proof", type=click.Path(path_type=Path), default=None, help="proof.json that chaos prove wrote.")
def suite(runs: tuple[str, ...], lang: str | None, branding: Path | None, out: Path, proof: Path | None) -> None:
    """One report over many RUNS: which experiment came out how. Exit code 0 only if every run is a PASS."""
    from probes.evidence.making import suite as made  # noqa: PLC0415
    from probes.evidence.shelf import find  # noqa: PLC0415

    with sentences():
        settings = _settings()
        directories = [find(settings.runs, run) for run in runs]
        verdict = made(directories, lang or settings.lang, branding or settings.branding, out, proof)
    click.echo(f"{verdict}: {out}")
    raise SystemExit(0 if verdict == "PASS" else 1)


@evidence.command()
@click.option("--keep", type=click.IntRange(min=0), default=None, help="Keep the newest N runs.")
@click.option("--older-than", default=None, metavar="AGE", help="Only runs older than this: 30d, 12h.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(keep: int | None, older_than: str | None, yes: bool) -> None:
    """Clear old runs. It shows what would go, and asks; nothing is deleted unasked."""
    from probes.evidence.shelf import delete, prunable, row_of  # noqa: PLC0415

    with sentences():
        if keep is None and older_than is None:
            raise click.UsageError("Say which runs may go: --keep N, --older-than 30d, or both.")
        found = prunable(_settings().runs, keep, older_than)
        if not found:
            click.echo("Nothing to delete.")
            return
        for directory in found:
            click.echo(row_of(directory))
        if not yes and not click.confirm(f"Delete {len(found)} run(s) for good?", default=False):
            click.echo("Nothing was deleted.")
            return
        for directory in found:
            delete(directory)
        click.echo(f"{len(found)} run(s) deleted.")


def _settings() -> "Settings":
    from probes.settings import Settings  # noqa: PLC0415

    return Settings.from_environment()
