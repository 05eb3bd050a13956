"""`chaos scaffold`: experiments for a Compose project of one's own, to begin with."""

from pathlib import Path

import click

__all__ = ["scaffold"]


@click.command()
@click.option("--project", metavar="NAME", help="A Compose project that runs; unset: STEHAUF_PROJECT.")
@click.option("--file", type=click.Path(path_type=Path), help="Its Compose file; the project has to be up.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("experiments"), show_default=True,
    metavar="DIR", help="Folder for what is written.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over files that are there already.")
def scaffold(project: str | None, file: Path | None, out: Path, *, force: bool) -> None:
    """Write experiments for a Compose project that runs: any project, not only ours.

    One for each service and fault that makes sense there, with a hypothesis from its health checks and published
    ports; a Locust file where an OpenAPI description is served; and a README of what is left to fill in. They run as
    they are. Nothing is overwritten without --force. `chaos stack inspect` shows what it goes by.
    """
    from probes.cli.sentences import sentences  # noqa: PLC0415 - see the package's docstring
    from probes.projects.inspecting import find  # noqa: PLC0415
    from probes.projects.scaffolding import scaffold as write  # noqa: PLC0415
    from probes.projects.scaffolding import texts  # noqa: PLC0415
    from probes.settings import OWN_PROJECT, Settings, bypass_proxies_on_loopback  # noqa: PLC0415

    if project and file:
        raise click.UsageError("--project and --file were both given: name one of them")
    bypass_proxies_on_loopback()
    with sentences():
        settings = Settings.from_environment()
        name = project or settings.project
        if not file and name == OWN_PROJECT:
            raise click.UsageError(
                "Which project? Give --project NAME or --file compose.yaml (experiments/ has those for ours)"
            )
        found = find(name, file, settings.environment)
        for line in write(texts(found, out, settings.environment), out, force=force):
            click.echo(line)
