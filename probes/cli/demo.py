"""`chaos demo`: the guided demonstration."""

import sys

import click

__all__ = ["demo"]


@click.command()
@click.option("--fast", is_flag=True, help="All of it in about a minute.")
@click.option("--short", is_flag=True, help="Leave act 4 out, the look under the bonnet.")
@click.option("--pause", is_flag=True, help="Wait for a key between the scenes, instead of going on by the clock.")
@click.option("--lang", "language", type=click.Choice(["en", "de"]), help="Of your words, the live view, the report.")
@click.option("--no-browser", is_flag=True, help="Open nothing; the addresses are told.")
def demo(fast: bool, short: bool, pause: bool, language: str | None, no_browser: bool) -> None:
    """Show high availability: normal operation, a service fails, the proof, a look under the bonnet.

    One experiment (experiments/demo.yaml), recorded and judged like any other; tells you what is about to happen
    and what to say. It takes about ten minutes, six with --short. The exit code is the verdict's: 0 only on PASS.
    STEHAUF_TARGET chooses docker or embedded.
    """
    from probes.assets import asset  # noqa: PLC0415 - see the package's docstring
    from probes.demonstration.lead import Lead  # noqa: PLC0415
    from probes.demonstration.script import LANGUAGES  # noqa: PLC0415
    from probes.demonstration.sights import sights  # noqa: PLC0415
    from probes.demonstration.timing import seconds  # noqa: PLC0415
    from probes.errors import StehaufError  # noqa: PLC0415
    from probes.settings import Settings, can_show  # noqa: PLC0415

    try:
        settings = Settings.from_environment()
    except StehaufError as error:
        raise click.ClickException(str(error)) from error
    environment = settings.environment
    spoken = language or settings.lang
    command = [sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "run"]
    lead = Lead(
        command=[*command, str(asset("experiments/demo.yaml"))],
        environment={**environment, "STEHAUF_LANG": spoken},
        seconds=seconds(fast=fast, short=short),
        language=spoken if spoken in LANGUAGES else "en",
        shop=environment.get("STEHAUF_SHOP") or "http://127.0.0.1:8080",
        deep=lambda: sights(environment),
        pause=pause,
    )
    if no_browser or not can_show(environment):
        lead.show = None
    sys.exit(lead.run())
