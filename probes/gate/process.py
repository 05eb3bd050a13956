"""One `chaos run` as a process of its own: started, waited for, interrupted when we are."""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.evidence.jsonl import read_json

__all__ = ["Ended", "chaos_run"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TROUBLE = (" CRITICAL]", " ERROR]", "Error: ", " WARNING]")


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    code: int
    output: str
    directory: Path | None
    """Of its evidence."""
    interrupted: bool = False
    """By Ctrl-C: it was waited for, and has undone its faults."""

    def last_words(self) -> str:
        """What it complained of, the gravest first; else its last line."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        for mark in _TROUBLE:
            found = [line for line in lines if mark in line]
            if found:
                return " ".join(found[0].split("] ", 1)[-1].split())
        return lines[-1] if lines else "nothing"


def chaos_run(
    experiment: Path,
    runs: Path,
    environment: Mapping[str, str],
    heard: Callable[[str], None] = lambda _line: None,
    began: Callable[["subprocess.Popen[str]"], None] = lambda _process: None,
) -> Ended:
    """Run an experiment to its end; `heard` gets each line as it comes, `began` the process.

    Ctrl-C is passed on, and the run waited for while it undoes its faults. If this process is killed, the run gets
    SIGTERM, and undoes them too.
    """
    before = _runs(runs)
    with tempfile.TemporaryDirectory(prefix="stehauf-gate-") as scratch:
        command = [sys.executable, "-P", "-m", "probes.gate.child", "--no-version-check", "--no-log-file", "run"]
        command += ["--journal-path", str(Path(scratch) / "journal.json"), str(experiment)]
        process = subprocess.Popen(
            command, env=dict(environment), text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        began(process)
        output, interrupted = _listen(process, heard)
    return Ended(process.returncode, output, _made(_runs(runs) - before, experiment), interrupted)


def _listen(process: "subprocess.Popen[str]", heard: Callable[[str], None]) -> tuple[str, bool]:
    lines: list[str] = []
    interrupted = False
    with process:
        while True:
            try:
                for line in process.stdout or ():
                    lines.append(_COLOUR.sub("", line))
                    heard(lines[-1].rstrip())
                process.wait()
                return "".join(lines), interrupted
            except KeyboardInterrupt:
                if not interrupted:
                    process.send_signal(signal.SIGINT)
                interrupted = True
            except BaseException:
                process.send_signal(signal.SIGTERM)
                raise


def _made(new: set[Path], experiment: Path) -> Path | None:
    """The folder that this run made; None where there is none, or nobody could say which."""
    ours = [folder for folder in new if _experiment_of(folder) == str(experiment)]
    return ours[0] if len(ours) == 1 else None


def _experiment_of(folder: Path) -> object:
    about = (read_json(folder / "run.json") or {}).get("experiment")
    return about.get("path") if isinstance(about, dict) else None


def _runs(folder: Path) -> set[Path]:
    return {path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()} if folder.is_dir() else set()
