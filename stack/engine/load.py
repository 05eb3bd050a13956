"""The image in which Locust's workers run on nodes of a swarm: the stack's own, and Locust."""

import hashlib
import time
from pathlib import Path

from engine.commands import Failed, image_id, labelled, last_line, output, say
from engine.packages import download_packages

__all__ = ["make_load"]

_IMAGE = "stehauf-load"
_LABEL = "stehauf.inputs"
_FILES = ("Dockerfile", ".dockerignore", "requirements.txt")


def make_load(folder: Path, tag: str, python: str) -> None:
    """Make it where it is not there as it should be, on the stack's image of the same tag. Raises Failed."""
    began = time.monotonic()
    image, stack = f"{_IMAGE}:{tag}", f"stehauf-stack:{tag}"
    inputs = _digest(folder, stack)
    if labelled(image, _LABEL) == inputs:
        say(f"{image} is up to date")
        return
    download_packages(python, folder / "requirements.txt", folder / "wheelhouse")
    say(f"image: building {image}")
    command = ["docker", "build", "--tag", image, "--build-arg", f"STACK={stack}", "--label", f"{_LABEL}={inputs}"]
    done = output(*command, str(folder), timeout_s=600)
    if done.returncode != 0:
        raise Failed(f"'docker build' of {image} gave: {last_line(done)}; run 'docker build {folder}' to see it all")
    say(f"{image} made in {time.monotonic() - began:.0f} s")


def _digest(folder: Path, stack: str) -> str:
    total = hashlib.sha256((image_id(stack) or "").encode())
    for name in _FILES:
        total.update(name.encode() + (folder / name).read_bytes())
    return total.hexdigest()
