"""`docker compose` up and down, as child processes that are ended when we are."""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.errors import TargetError
from probes.targets.docker.engine import engine_host, require_compose
from probes.targets.ports import holder_of, refuse_taken_ports

__all__ = ["Compose", "stream"]

_CONFIG_S = 30.0
_DOWN_S = 120.0
_ALLOCATED = re.compile(r"(?:port is already allocated|address already in use)")
_MILESTONE = re.compile(r"Container (\S+)\s+(Started|Healthy)$")
_PORT = re.compile(r":(\d+)(?::| failed|/)")


@dataclass(frozen=True, slots=True)
class Compose:
    """One project on its Compose files."""

    project: str
    files: Sequence[Path]
    """Each laid over those before it."""
    environment: Mapping[str, str] | None = None
    """None: this process' own."""

    def config(self) -> dict[str, Any]:
        """The file as Compose reads it. Raises TargetError, TargetUnavailable."""
        require_compose(self.environment)
        done = self._run(["config", "--format", "json"], _CONFIG_S)
        if done.returncode != 0:
            raise TargetError(f"Compose cannot read {', '.join(map(str, self.files))}: {_last(done.stderr)}")
        read: dict[str, Any] = json.loads(done.stdout)
        return read

    def volumes(self, services: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The named volumes of these services: by their key, the engine's name and where they are mounted."""
        read = self.config()
        mounts = [mount for name in services for mount in read["services"].get(name, {}).get("volumes") or []]
        return {
            mount["source"]: (read["volumes"][mount["source"]]["name"], mount["target"])
            for mount in mounts
            if mount.get("type") == "volume" and mount.get("source")
        }

    def refuse_taken_ports(self) -> None:
        """Raise TargetError for a published port that is taken; an engine elsewhere has ports of its own."""
        if not engine_host(self.environment).startswith("unix:"):
            return
        refuse_taken_ports(
            (name, port.get("host_ip") or "0.0.0.0", int(port["published"]))  # noqa: S104 - Compose's default
            for name, service in self.config()["services"].items()
            for port in service.get("ports") or []
            if str(port.get("published", "")).isdecimal()
        )

    def up(self, progress: Callable[[str], None]) -> None:
        """Bring it up and wait until it is healthy. Raises TargetError with Compose's last word."""
        code, lines = stream([*self._command(), "up", "-d", "--wait"], _milestones(progress), self.environment)
        if code != 0:
            raise TargetError(_reason(lines))

    def down(self) -> None:
        """Take it down with its volumes. Raises TargetError."""
        done = self._run(["down", "--volumes", "--remove-orphans", "--timeout", "10"], _DOWN_S)
        if done.returncode != 0:
            raise TargetError(f"Compose could not take the project {self.project} down: {_last(done.stderr)}")

    def _command(self) -> list[str]:
        files = [part for file in self.files for part in ("-f", str(file))]
        return ["docker", "compose", "--progress", "plain", *files, "-p", self.project]

    def _run(self, arguments: list[str], timeout_s: float) -> "subprocess.CompletedProcess[str]":
        environment = None if self.environment is None else dict(self.environment)
        try:
            return subprocess.run(
                [*self._command(), *arguments],
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
                env=environment,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise TargetError(
                f"`docker compose {arguments[0]}` of {self.project} did not end within {timeout_s:g} s; "
                f"see `docker compose -p {self.project} ps`."
            ) from error


def stream(
    command: Sequence[str], progress: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> tuple[int, list[str]]:
    """Run a command in a session of its own, telling each of its lines; its exit code and all lines.

    Whatever interrupts the wait ends the command first. Raises TargetError if it cannot be run at all.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env=None if environment is None else dict(environment),
        )
    except OSError as error:
        raise TargetError(f"{command[0]} could not be run: {error.strerror}.") from error
    lines: list[str] = []
    with process:
        try:
            for line in process.stdout or ():
                if text := line.strip():
                    lines.append(text)
                    progress(text)
            return process.wait(), lines
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def _milestones(progress: Callable[[str], None]) -> Callable[[str], None]:
    """Of all that Compose says, once for each container, that it was started and that it is healthy."""
    told: set[str] = set()

    def tell(line: str) -> None:
        found = _MILESTONE.search(line)
        if found and found[0] not in told:
            told.add(found[0])
            progress(f"{found[1]} is {found[2].lower()}")

    return tell


def _reason(lines: Sequence[str]) -> str:
    last = lines[-1] if lines else "it said nothing"
    taken = next((line for line in reversed(lines) if _ALLOCATED.search(line)), None)
    found = _PORT.search(taken) if taken else None
    if found:
        return f"Port {found[1]} is taken by {holder_of(int(found[1]))}: {taken}"
    return f"Compose could not bring the project up: {last}"


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
