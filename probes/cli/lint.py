"""`chaos lint`: what a Compose file or an experiment promises and cannot keep."""

from pathlib import Path

import click

__all__ = ["lint"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), required=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
def lint(paths: tuple[Path, ...], form: str) -> None:
    """Find what is wrong in Compose files and experiments, before anything is run.

    PATHS are files, or folders of them. Given together they are held against each other: services that an experiment
    names, claims that a health check is too slow for. Exit code 0 if there is nothing but notes, 1 if there is more.
    """
    from probes.errors import ConfigurationError  # noqa: PLC0415 - see the package's docstring
    from probes.lint.linting import FORMATS, fails, files_of  # noqa: PLC0415
    from probes.lint.linting import lint as linted  # noqa: PLC0415

    try:
        found = linted(files_of(paths))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    if said := FORMATS[form](found):
        click.echo(said)
    raise SystemExit(1 if fails(found) else 0)
