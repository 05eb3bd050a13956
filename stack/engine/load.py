"""The image in which Locust's workers run on nodes of a swarm: the stack's own, and Locust."""

from functools import partial
from pathlib import Path

from engine.beside import make_beside
from engine.packages import download_packages

__all__ = ["make_load"]

_FILES = ("Dockerfile", ".dockerignore", "requirements.txt")


def make_load(folder: Path, tag: str, python: str) -> None:
    """Make it where it is not there as it should be, on the stack's image of the same tag. Raises Failed."""
    fetch = partial(download_packages, python, folder / "requirements.txt", folder / "wheelhouse")
    stack = f"stehauf-stack:{tag}"
    make_beside(f"stehauf-load:{tag}", folder, _FILES, argument="STACK", base=stack, prepare=fetch)
