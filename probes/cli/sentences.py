"""An error of ours becomes one line and exit code 1, whatever command met it."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

__all__ = ["sentences"]


@contextmanager
def sentences() -> Iterator[None]:
    """Turn errors that are sentences into click's."""
    from probes.errors import StehaufError  # noqa: PLC0415 - see the package's docstring
    from reports.render.branding import BrandingError  # noqa: PLC0415
    from reports.words import UnknownLanguage  # noqa: PLC0415

    try:
        yield
    except (StehaufError, BrandingError, UnknownLanguage, OSError) as error:
        raise click.ClickException(str(error)) from None
