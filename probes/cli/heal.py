"""`chaos heal`: undo what a run that was killed left behind."""

import click

from probes.cli import unreadable
from probes.cli.stack import opened

__all__ = ["heal"]

unreadable.install()


@click.command()
@click.option("--check", is_flag=True, help="Only list what is left; exit code 1 where something is.")
def heal(check: bool) -> None:
    """Undo every fault that a killed run left on the target, and say what was found and done.

    A run heals what it finds before it begins, and its watchdog does so when it is killed: this is for the times
    in between, and to make sure. STEHAUF_TARGET and STEHAUF_PROJECT choose the target as for a run.
    """
    from probes.run.ledger import Ledger  # noqa: PLC0415 - what is imported here slows every `chaos`
    from probes.run.leftovers import heal_all, left_behind  # noqa: PLC0415
    from probes.targets.abilities import Sweepable  # noqa: PLC0415

    with opened(taken_by=None if check else "chaos heal") as (target, settings):
        ledger = Ledger(settings.state, target.name, target.project)
        if check:
            found = left_behind(target, ledger)
            for sentence in found:
                click.echo(sentence)
            click.echo(f"{len(found)} left on {target.name}, project {target.project}" if found else "Nothing is left")
            raise SystemExit(1 if found else 0)
        done = list(heal_all(target, ledger))
        if isinstance(target, Sweepable):
            done += target.sweep()  # what no fault of the ledger accounts for
        for sentence in done:
            click.echo(sentence)
        click.echo(f"Healed: {len(done)}" if done else "Nothing was left")
