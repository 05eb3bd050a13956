"""Makes the runs: each an ordinary `chaos run` process with evidence of its own, far enough apart."""

import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from probes.errors import ConfigurationError
from reports.evidence.jsonl import read_json, write_json
from reports.trials.reading import UPTIME_S, Trial, trial_of

__all__ = ["APART_S", "Series"]

APART_S = UPTIME_S + 1
"""Seconds from the end of a run to the beginning of the next one: what crashed was up for longer by then."""

_DRESS, _STAMP = re.compile(r"\x1b\[[0-9;]*m"), re.compile(r"^\[[^]]*\] ")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Series:
    """Runs of one experiment, and the `trials.json` that grows with them."""

    experiment: Path
    planned: int
    runs: Path
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    directory: Path = field(init=False)
    interrupted: str | None = None
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _child: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.directory = _directory(self.runs, self.experiment.stem)

    def make(self) -> None:
        """Make the runs, until all are made or a signal came; that run undoes what it did, and counts.

        Raises OSError.
        """
        self._write()
        with self._signals():
            for number in range(1, self.planned + 1):
                if self.interrupted or (number > 1 and not self._wait()):
                    break
                self._lines.append(self._one(number))
                self._write()
                self.say(_told(trial_of(self.runs, self._lines[-1], number), self.planned))
        self._write()

    def _one(self, number: int) -> dict[str, Any]:
        log = self.directory / f"run-{number}.log"
        began_ns = time.time_ns()
        with tempfile.TemporaryDirectory(prefix="stehauf-trial-") as folder, log.open("wb") as said:
            # its own journal: it neither litters the folder nor is mistaken for that of another run
            journal = Path(folder) / "journal.json"
            command = [sys.executable, "-P", "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "run"]
            command += ["--journal-path", str(journal), str(self.experiment)]
            # a session of its own: a Ctrl-C reaches it once, from here, and nothing cuts its undo short
            self._child = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )
            if self.interrupted:  # while it was being started: there was nothing to pass the signal on to
                self._pass_on()
            code = self._child.wait()
            self._child = None
            run = _run_of(self.runs, str(journal), began_ns)
        line: dict[str, Any] = {"run": run, "exit_code": code, "began_ns": began_ns, "ended_ns": time.time_ns()}
        return line if run else {**line, "said": _why(code, log)}

    def _wait(self) -> bool:
        """Keep the distance; False where a signal ended it. The embedded target has no backoff to keep clear of."""
        if _target(self.runs, self._lines[-1]) != "embedded":
            self.say(f"Waiting {APART_S:.0f} s: Docker forgets its restart backoff after {UPTIME_S:.0f} s of uptime")
            until = self.clock() + APART_S
            while self.clock() < until and not self.interrupted:
                self.sleep(0.1)
        return not self.interrupted

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._interrupt) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        if self.interrupted:
            self.say("Already ending: the run undoes what it did; this takes some seconds and is not skipped")
            return
        self.interrupted = signal.Signals(number).name
        self.say(f"{self.interrupted}: ending the run that is going on; no other one is begun")
        self._pass_on()

    def _pass_on(self) -> None:
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGINT)

    def _write(self) -> None:
        write_json(
            self.directory / "trials.json",
            {
                "format": 1,
                "experiment": self.experiment.stem,
                "planned": self.planned,
                "interrupted": self.interrupted,
                "trials": self._lines,
            },
        )


def _directory(runs: Path, stem: str) -> Path:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{stem}-trials"
    for number in range(1, 100):
        directory = runs / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            directory.mkdir(parents=True)
            return directory
    raise ConfigurationError(f"{runs / name} and a hundred of that second are there already: try again")


def _run_of(runs: Path, journal: str, began_ns: int) -> str:
    """The directory of the run that had this journal; empty where it left none."""
    for path in sorted(runs.glob("2*"), reverse=True):
        run = read_json(path / "run.json") or {}
        if (run.get("started_ns") or 0) >= began_ns and journal in str(run.get("command")):
            return path.name
    return ""


def _target(runs: Path, line: dict[str, Any]) -> str:
    run = read_json(runs / str(line["run"]) / "run.json") if line["run"] else None
    target = (run or {}).get("target")
    return str(target.get("name")) if isinstance(target, dict) else ""


def _why(code: int, log: Path) -> str:
    """Why a run left no evidence, as it said itself."""
    if code == 0:
        return "it left no evidence: declare probes.control in the experiment (experiments/kill-product.yaml shows how)"
    lines = [_DRESS.sub("", line).strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    errors = [line for line in lines if "ERROR]" in line or "CRITICAL]" in line or line.startswith("Error")]
    return _STAMP.sub("", (errors or [line for line in lines if line] or ["it said nothing"])[-1])[:300]


def _told(trial: Trial, planned: int) -> str:
    recovery = trial.figures.get("recovery_seconds")
    back = "" if recovery is None else f"  back after {recovery:.2f} s"
    why = f"  {trial.reason}" if trial.reason else ""
    return f"Run {trial.number} of {planned}: {trial.outcome}{back}{why}" + (
        f"  ({trial.backoff})" if trial.backoff else ""
    )
