"""Prometheus' image, from Debian's package on the same base as the services."""

import hashlib
import shutil
import time
from pathlib import Path

from engine.commands import Failed, image_id, labelled, last_line, output, say

__all__ = ["make_prometheus"]

_IMAGE = "stehauf-prometheus"
_LABEL = "stehauf.inputs"
_FILES = ("Dockerfile", ".dockerignore", "prometheus.yml", "rules.yml", "start")


def make_prometheus(folder: Path, tag: str, base: str) -> None:
    """Make it where it is not there as it should be. Raises Failed."""
    began = time.monotonic()
    image, inputs = f"{_IMAGE}:{tag}", _digest(folder, base)
    if labelled(image, _LABEL) == inputs:
        say(f"{image} is up to date")
        return
    _fetch(folder / "debs")
    say(f"image: building {image}")
    command = ["docker", "build", "--tag", image, "--build-arg", f"BASE={base}", "--label", f"{_LABEL}={inputs}"]
    done = output(*command, str(folder), timeout_s=600)
    if done.returncode != 0:
        raise Failed(
            f"'docker build' of {image} gave: {last_line(done)}; run 'docker build {folder}' to see it all, or leave "
            "monitoring out of COMPOSE_PROFILES"
        )
    say(f"{image} made in {time.monotonic() - began:.0f} s")


def _fetch(debs: Path) -> None:
    """Have the package beside the Dockerfile; where that fails, the build itself asks its mirrors."""
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    done = output("apt-get", "download", "-qq", "prometheus", timeout_s=300, cwd=debs)
    if done.returncode != 0:
        say(f"the package prometheus could not be fetched beforehand ({last_line(done)}): the build will try")


def _digest(folder: Path, base: str) -> str:
    total = hashlib.sha256((image_id(base) or "").encode())
    for name in _FILES:
        total.update(name.encode() + (folder / name).read_bytes())
    return total.hexdigest()
