"""Python packages for an image, downloaded by a pip of this machine."""

import platform
import shutil
from pathlib import Path

from engine.commands import Failed, last_line, output, say

__all__ = ["download_packages"]

IMAGE_PYTHON = "3.11"
GLIBC = 36  # bookworm's, 2.36


def download_packages(python: str, requirements: Path, wheelhouse: Path) -> None:
    """Fill a wheelhouse for the image's Python and this machine's architecture, pip's own among them. Raises Failed."""
    say(f"{wheelhouse.name}: downloading packages for Python {IMAGE_PYTHON}")
    shutil.rmtree(wheelhouse, ignore_errors=True)
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)]
    tags += [f"{legacy}_{machine}" for legacy in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    command = [
        python,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--dest",
        str(wheelhouse),
        "--only-binary=:all:",
        "--implementation",
        "cp",
        "--python-version",
        IMAGE_PYTHON,
    ]
    command += [part for abi in (f"cp{IMAGE_PYTHON.replace('.', '')}", "abi3", "none") for part in ("--abi", abi)]
    command += [part for tag in tags for part in ("--platform", tag)]
    done = output(*command, "--requirement", str(requirements), "pip", timeout_s=600)
    if done.returncode != 0:
        raise Failed(
            f"'{python} -m pip download' for the image gave: {last_line(done)}; see whether "
            f"'{python} -m pip download aiohttp' works on this machine, or name another with --python"
        )
