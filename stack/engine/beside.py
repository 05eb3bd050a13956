"""An image beside the stack's own: made from a folder on another image, and only where that or the folder changed."""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.commands import Failed, image_id, labelled, last_line, output, say

__all__ = ["make_beside"]

_LABEL = "stehauf.inputs"


def make_beside(  # noqa: PLR0913 - each a part of the recipe, by name
    image: str, folder: Path, files: Sequence[str], *, argument: str, base: str, prepare: Callable[[], None],
    otherwise: str = "",
) -> None:  # fmt: skip
    """Make it where it is not there as it should be: `argument` of its Dockerfile is `base`.

    `files` of the folder are its inputs, `prepare` fetches what else it takes; `otherwise` says what one can do
    without it. Raises Failed.
    """
    began, inputs = time.monotonic(), _digest(folder, files, base)
    if labelled(image, _LABEL) == inputs:
        say(f"{image} is up to date")
        return
    prepare()
    say(f"image: building {image}")
    command = ["docker", "build", "--tag", image, "--build-arg", f"{argument}={base}", "--label", f"{_LABEL}={inputs}"]
    done = output(*command, str(folder), timeout_s=600)
    if done.returncode != 0:
        raise Failed(
            f"'docker build' of {image} gave: {last_line(done)}; run 'docker build {folder}' to see it all{otherwise}"
        )
    say(f"{image} made in {time.monotonic() - began:.0f} s")


def _digest(folder: Path, files: Sequence[str], base: str) -> str:
    total = hashlib.sha256((image_id(base) or "").encode())
    for name in files:
        total.update(name.encode() + (folder / name).read_bytes())
    return total.hexdigest()
