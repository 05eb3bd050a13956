"""Prometheus' image, from Debian's package on the same base as the services."""

import shutil
from functools import partial
from pathlib import Path

from engine.beside import make_beside
from engine.commands import last_line, output, say

__all__ = ["make_prometheus"]

_FILES = ("Dockerfile", ".dockerignore", "prometheus.yml", "rules.yml", "start")


def make_prometheus(folder: Path, tag: str, base: str) -> None:
    """Make it where it is not there as it should be. Raises Failed."""
    fetch = partial(_fetch, folder / "debs")
    without = ", or leave monitoring out of COMPOSE_PROFILES"
    image = f"stehauf-prometheus:{tag}"
    make_beside(image, folder, _FILES, argument="BASE", base=base, prepare=fetch, otherwise=without)


def _fetch(debs: Path) -> None:
    """Have the package beside the Dockerfile; where that fails, the build itself asks its mirrors."""
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    done = output("apt-get", "download", "-qq", "prometheus", timeout_s=300, cwd=debs)
    if done.returncode != 0:
        say(f"the package prometheus could not be fetched beforehand ({last_line(done)}): the build will try")
