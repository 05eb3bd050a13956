"""`chaos prove`: take mechanisms away, one at a time, and see which experiment notices."""

import signal
from pathlib import Path

import click

__all__ = ["prove"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", default=None, help="docker or embedded; default: STEHAUF_TARGET. It must be named.")
@click.option("--without", "named", multiple=True, metavar="MECHANISM", help="Only this one; may be repeated.")
@click.option(
    "--all", "every", is_flag=True, help="Every mechanism with every experiment, not only with those that name it."
)
@click.option(
    "--list", "listed", is_flag=True, help="Show the mechanisms, and which experiments name them; run nothing."
)
def prove(paths: tuple[Path, ...], target: str | None, named: tuple[str, ...], every: bool, listed: bool) -> None:
    """Take mechanisms away from the demo stack, one at a time: an experiment that names one must not PASS then.

    PATHS are experiments, or folders of them; default: those that ship. Exit code 0 only if each mechanism is noticed,
    by each experiment that names it, for the reason that it names. After Ctrl-C, what is known so far is shown.
    """
    from probes.errors import StehaufError  # noqa: PLC0415 - see the package's docstring
    from probes.prove.suite import prepared, shown, written  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was begun is undone
    try:
        proof = prepared(paths, target, named, every=every, needs_target=not listed, say=click.echo)
        if listed:
            click.echo("\n".join(shown(proof.matrix, proof.subjects, ran=False)))
            return
        proof.refuse_a_stack_that_is_up()
        try:
            proof.run()
        except KeyboardInterrupt:
            proof.interrupted = True
        finally:
            click.echo("\n".join(shown(proof.matrix, proof.subjects, ran=True)))
            click.echo(written(proof.matrix, proof.settings))
    except StehaufError as error:
        raise click.ClickException(str(error)) from None
    raise SystemExit(0 if proof.matrix.is_proved else 1)
