"""`chaos stack`: bring the stack up, so that it stays up between runs, and take it down."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probes.cli import unreadable

if TYPE_CHECKING:
    from probes.settings import Settings
    from probes.targets.api import Target

__all__ = ["opened", "stack"]

unreadable.install()  # here, for `chaos` imports this module whatever it is asked to do


@click.group()
def stack() -> None:
    """The system under test: bring it up, look at it, take it down.

    A run brings the stack up by itself where it is not, and takes it down again; `chaos stack up` keeps it up
    between runs. STEHAUF_TARGET chooses docker, embedded or swarm.
    """


@stack.command()
@click.option(
    "--own-disk",
    "disks",
    multiple=True,
    metavar="SERVICE",
    help="Give the volumes of a service a file system of a fixed size, so that the fault disk_full can fill it.",
)
def up(disks: tuple[str, ...]) -> None:
    """Bring the stack up and wait until it is healthy."""
    from probes.errors import FaultNotPossible, UnknownService  # noqa: PLC0415 - see the package's docstring
    from probes.targets.abilities import Confinable  # noqa: PLC0415

    with opened(taken_by="chaos stack up") as (target, _):
        if target.is_up():
            click.echo(f"Project {target.project} is up already on target {target.name}")
            return
        if not target.is_own:
            raise click.ClickException(
                f"Project {target.project} is not Stehauf's own stack: start it by its own means"
            )
        if unknown := sorted(set(disks) - set(target.services())):
            raise UnknownService(
                f"--own-disk: there is no {', '.join(unknown)}; there are {', '.join(target.services())}"
            )
        if disks:
            if not isinstance(target, Confinable):
                raise FaultNotPossible(
                    f"--own-disk: the target {target.name} has no volumes; a target that has: docker"
                )
            target.confine(disks)
        target.up(click.echo)
        _show(target)


@stack.command()
def down() -> None:
    """Take the stack down, with its data."""
    with opened(taken_by="chaos stack down") as (target, _):
        if not target.is_own:
            raise click.ClickException(f"Project {target.project} is not Stehauf's own stack: it is not taken down")
        target.down()
        click.echo(f"Project {target.project} is down on target {target.name}")


@stack.command()
def status() -> None:
    """Show every instance, and where to reach it."""
    with opened() as (target, _):
        if not target.is_up():
            click.echo(f"Project {target.project} is not up on target {target.name}")
            return
        _show(target)


@stack.command("target")
def target_() -> None:
    """Print the name of the target that a run would take: for scripts that must name theirs."""
    with opened() as (target, _):
        click.echo(target.name)


@stack.command("inspect")
@click.option("--project", metavar="NAME", help="A Compose project that runs; unset: STEHAUF_PROJECT.")
@click.option("--file", type=click.Path(path_type=Path), help="Its Compose file, whether it runs or not.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def inspect_(project: str | None, file: Path | None, form: str) -> None:
    """Show what a Compose project is made of, and what can be done to it: any project, not only ours.

    Services, restart policies, health checks, published ports and what answers there, faults that can be done to
    each, and what the linter says. Nothing is changed; published ports are asked with GET.
    """
    from probes.cli.sentences import sentences  # noqa: PLC0415 - see the package's docstring
    from probes.projects.inspecting import find, inspect  # noqa: PLC0415
    from probes.projects.showing import FORMATS  # noqa: PLC0415
    from probes.settings import Settings, bypass_proxies_on_loopback  # noqa: PLC0415

    if project and file:
        raise click.UsageError("--project and --file were both given: name one of them")
    bypass_proxies_on_loopback()
    with sentences():
        settings = Settings.from_environment()
        found = find(project or settings.project, file, settings.environment)
        click.echo(FORMATS[form](inspect(found, settings.environment)))


@stack.command("image")
def image_() -> None:
    """Make the image of our services, from which helpers for faults of the network are made too; quick where it is."""
    from probes.assets import asset  # noqa: PLC0415 - see the package's docstring

    command = [sys.executable, str(asset("stack/image")), "--python", sys.executable]
    raise SystemExit(subprocess.run(command, check=False).returncode)


def _show(target: "Target") -> None:
    ports = {service.name: ", ".join(service.ports) for service in target.describe().services}
    for service in target.services():
        for one in target.instances(service):
            row = (service, one.state, one.health, f"{one.restart_count} restarts", ports.get(service, ""))
            click.echo("  ".join(f"{cell:12}" for cell in row).rstrip())


@contextmanager
def opened(taken_by: str | None = None) -> "Iterator[tuple[Target, Settings]]":
    """The chosen target, and the settings that chose it; an error of ours becomes one line and exit code 1.

    `taken_by` names a command that changes the target: it is refused while a run, or another one, holds it.
    """
    from probes.errors import StehaufError  # noqa: PLC0415 - see the package's docstring
    from probes.run.lock import TargetLock  # noqa: PLC0415
    from probes.run.opening import open_target  # noqa: PLC0415
    from probes.settings import Settings, bypass_proxies_on_loopback  # noqa: PLC0415

    bypass_proxies_on_loopback()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was begun is taken down
    try:
        settings = Settings.from_environment()
        target, why = open_target(settings)
        click.echo(f"Target {target.name}: {why}", err=True)
        with ExitStack() as held:
            if taken_by:
                lock = TargetLock(settings.state, target.name, target.project)
                lock.acquire(taken_by)
                held.callback(lock.release)
            yield target, settings
    except StehaufError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"Tried to use {error.filename}: {error.strerror}. See that this user can write there"
        ) from None
