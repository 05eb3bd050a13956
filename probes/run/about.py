"""run.json: what ran, where, when, with which versions."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from probes.run.recorder import Recorder
from probes.run.redact import MASK, is_secret_name
from reports.evidence.instant import instant

__all__ = ["RunAbout"]

_PACKAGES = ("stehauf", "chaostoolkit", "chaostoolkit-lib", "docker", "locust", "aiohttp", "numpy")


class RunAbout:
    """The facts of a run, written at its beginning and again at its end."""

    def __init__(
        self,
        experiment: Mapping[str, Any],
        configuration: Mapping[str, Any],
        source: str | None,
        recording: Mapping[str, Any],
    ) -> None:
        title = str(experiment.get("title", "experiment"))
        stem = _slug(Path(source).stem if source else title) or "experiment"
        began = datetime.now(UTC)
        self.name = f"{began:%Y%m%dT%H%M%SZ}-{stem}"
        self._facts: dict[str, Any] = {
            "format": 1,
            "run": self.name,
            "experiment": {"name": stem, "title": title, "path": source, "sha256": _digest(experiment)},
            "target": None,
            "clock": {**_both_clocks(), "clock": "CLOCK_REALTIME"},
            "versions": _versions(),
            "machine": _machine(),
            "command": " ".join(["chaos", *sys.argv[1:]]),
            "recording": dict(recording),
            "configuration": {name: _shown(name, value) for name, value in configuration.items()},
            "started_ns": time.time_ns(),
            "load_started_ns": None,
            "load_ended_ns": None,
            "ended_ns": None,
            "interrupted": None,
            "traces_missing": None,
        }

    @property
    def title(self) -> str:
        """The experiment's own."""
        return str(self._facts["experiment"]["title"])

    @property
    def project(self) -> str:
        """That of the target; empty before there is one."""
        return str((self._facts["target"] or {}).get("project", ""))

    def make_directory(self, runs: Path) -> Path:
        """Make the run's folder; a second run of the same second gets a number. Raises OSError."""
        for number in range(1, 100):
            directory = runs / (self.name if number == 1 else f"{self.name}-{number}")
            try:
                directory.mkdir(parents=True)
            except FileExistsError:
                continue
            self.name = self._facts["run"] = directory.name
            return directory
        raise FileExistsError(17, "a hundred runs of one second", str(runs / self.name))

    def on_target(self, name: str, project: str, why: str, overlays: Sequence[str] = ()) -> None:
        """Which target was taken, and why; `overlays` are the Compose files that change our stack."""
        self._facts["target"] = {"name": name, "project": project, "why": why, "overlays": list(overlays)}

    def traces_missing(self, why: str | None) -> None:
        """Why some or all of the traces that were sent are not in the evidence; None: nothing is known to lack."""
        self._facts["traces_missing"] = why

    def load_began(self) -> None:
        """Every generator has made its first request."""
        self._facts["load_started_ns"] = time.time_ns()

    def load_ended(self) -> None:
        """The generators are about to be stopped."""
        self._facts["load_ended_ns"] = self._facts["load_ended_ns"] or time.time_ns()

    def end(self, interrupted: str | None) -> None:
        """The run is over; `interrupted` says by what, where it did not come to its own end."""
        self._facts["interrupted"] = interrupted
        self._facts["ended_ns"] = time.time_ns()
        self._facts["clock"] |= {f"ended_{name}": at for name, at in _both_clocks().items()}

    def write(self, recorder: Recorder) -> None:
        """Write it, over what stood there."""
        recorder.write("run.json", self._facts)


def _shown(name: str, value: Any) -> Any:
    """A value of the configuration, masked where its name says that it is a secret."""
    return MASK if is_secret_name(name) else value


def _both_clocks() -> dict[str, int]:
    return dict(zip(("wall_ns", "monotonic_ns"), instant(), strict=True))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]


def _digest(experiment: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(experiment, sort_keys=True, default=str).encode()).hexdigest()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    commit = _commit()
    return {**found, "commit": commit} if commit else found


def _machine() -> dict[str, Any]:
    """What two runs must have in common to be compared; no name of it."""
    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _commit() -> str | None:
    """The commit of the code that ran, with `+` where files were changed since; None outside a checkout."""
    here = Path(__file__).parent
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=here, capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None
