"""The one module of Stehauf whose name nobody else has: it sees to it that `probes` and `reports` are ours.

Both are names that a user's own repository may well have. `chaos` does not look for modules in the current folder, so
a folder of that name does no harm; on PYTHONPATH, or installed, it takes our place, and Chaos Toolkit would say no
more than that it could not find a module. `chaos` loads this one whatever it is asked to do.
"""

from importlib.util import find_spec
from pathlib import Path

import click

__all__ = ["command", "strangers"]

OURS = ("probes", "reports")


def strangers() -> list[str]:
    """A sentence for each of our packages in whose place Python finds another one."""
    told, here = [], Path(__file__).resolve().parent
    for name in OURS:
        spec = find_spec(name)
        # a folder without __init__.py has no origin, and hides nothing of ours
        if spec and spec.origin and (found := Path(spec.origin).resolve().parent) != here / name:
            told.append(
                f"Tried to load Stehauf's package '{name}' from {here / name}, and Python finds {found} first. Nothing "
                "was started. Take that folder's parent off PYTHONPATH, or give Stehauf a venv of its own"
            )
    return told


@click.command("installation", hidden=True)
def command() -> None:
    """Say where Stehauf runs from."""
    click.echo(str(Path(__file__).resolve().parent))


if said := strangers():
    raise SystemExit("\n".join(f"Error: {one}" for one in said))
