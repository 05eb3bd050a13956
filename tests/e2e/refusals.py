"""What every refusal has in common: one sentence, non-zero, nothing begun, nothing left."""

import subprocess
from pathlib import Path

from harness import Bench, Run


def assert_refused(run: Run, *words: str) -> None:
    """Each of the words is in the one line that says what is wrong, and nothing was begun."""
    assert run.code != 0, run.output
    assert "Traceback" not in run.output, run.output
    assert run.directory is None, run.output
    said = [line for line in run.output.splitlines() if " CRITICAL]" in line or " ERROR]" in line or "Error: " in line]
    assert len(said) == 1, run.output
    for word in words:
        assert word in said[0], said[0]
    for begun in ("Stack: starting", "Load:", "Fault:", "Action:", "taking down"):
        assert begun not in run.output, run.output


def left_by(bench: Bench) -> list[str]:
    """Whatever the bench's project still has: containers, networks, volumes; its processes' state folder."""
    if bench.target == "embedded":
        folder = Path(bench.environment["XDG_STATE_HOME"]) / "stehauf" / "embedded" / bench.project
        return [str(folder)] if folder.exists() else []
    label = f"label=com.docker.compose.project={bench.project}"
    found = []
    for command in (["ps", "--all"], ["network", "ls"], ["volume", "ls"]):
        found += output("docker", *command, "--quiet", "--filter", label).split()
    return found


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
