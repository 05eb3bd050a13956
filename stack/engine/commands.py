"""Programs that are run, and what they said."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

__all__ = ["Failed", "image_id", "labelled", "last_line", "output", "say"]


class Failed(Exception):
    """What was tried, what came back, what to do."""


def image_id(image: str) -> str | None:
    """The id of a local image, or None."""
    found = output("docker", "image", "inspect", "--format", "{{.Id}}", image)
    return found.stdout.strip() if found.returncode == 0 else None


def labelled(image: str, label: str) -> str | None:
    """A label of a local image, or None."""
    found = output("docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{label}"}}}}', image)
    return found.stdout.strip() if found.returncode == 0 else None


def output(
    *command: str, timeout_s: float = 60, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; a program that is absent or takes too long is a result, too."""
    with contextlib.suppress(subprocess.TimeoutExpired, FileNotFoundError):
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=env, cwd=cwd, check=False)
    reason = f"no answer within {timeout_s:g} s" if shutil.which(command[0]) else f"no program {command[0]}"
    return subprocess.CompletedProcess(command, 127, "", reason)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a program said last."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {done.returncode}, and nothing said"


def say(text: str, file: TextIO | None = None) -> None:
    """One line of progress."""
    print(f"stack image: {text}", file=file or sys.stdout, flush=True)
