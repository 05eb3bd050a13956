"""The runs on disk: find one by what a user calls it, list them, clear them."""

import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from probes.errors import ConfigurationError
from reports.evidence.jsonl import read_json

__all__ = ["delete", "find", "prunable", "row_of", "told"]

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_COLUMNS = "{:12}  {:16}  {:24}  {:9}  {:>9}  {}"


def find(runs: Path, name: str) -> Path:
    """The run that `name` means: a folder, a run's name, a part that only one has, or `latest`.

    Raises ConfigurationError, with the runs that there are, where it means none or several.
    """
    for path in (Path(name), runs / name):
        if path.is_dir() and _is_run(path):
            return path.resolve()
    there = _runs(runs)
    if name == "latest" and there:
        return there[-1]
    found = [path for path in there if name and name in path.name]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(path.name for path in found[-5:])
        raise ConfigurationError(f"{len(found)} runs have {name!r} in their name ({listed}): say more of it")
    listed = ", ".join(path.name for path in there[-5:]) or "none yet"
    raise ConfigurationError(f"There is no run {name!r} in {runs}; the latest are: {listed}")


def told(runs: Path) -> list[str]:
    """A table of the runs, oldest first."""
    rows = [row_of(path) for path in _runs(runs)]
    if not rows:
        return [f"No runs in {runs}"]
    return [_COLUMNS.format("VERDICT", "STARTED, UTC", "EXPERIMENT", "TARGET", "SIZE", "RUN"), *rows]


def row_of(directory: Path) -> str:
    """The run as a row of the table."""
    run, verdict = read_json(directory / "run.json") or {}, read_json(directory / "verdict.json") or {}
    started = run.get("started_ns")
    at = f"{datetime.fromtimestamp(started / 1e9, UTC):%Y-%m-%d %H:%M}" if isinstance(started, int) else "unknown"
    experiment, target = _name(run.get("experiment")), _name(run.get("target"))
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    outcome = str(verdict.get("verdict") or "none")
    return _COLUMNS.format(outcome, at, experiment[:24], target, f"{size / 1e6:.1f} MB", directory.name)


def prunable(runs: Path, keep: int | None, older_than: str | None) -> list[Path]:
    """Runs beside the newest `keep` that began longer ago than `older_than` (`30d`, `12h`, `90m`).

    Raises ConfigurationError for an age that cannot be read.
    """
    found = _runs(runs)
    if keep is not None:
        found = found[: max(0, len(found) - keep)]
    if older_than is not None:
        before = time.time_ns() - int(_age(older_than).total_seconds() * 1e9)
        found = [path for path in found if _began_ns(path) < before]
    return found


def delete(directory: Path) -> None:
    """Delete a run, and the link `latest` where it points at it. Raises OSError, and for what is no run."""
    if directory.is_symlink() or not _is_run(directory):
        raise ConfigurationError(f"{directory} is not the evidence of a run: it is not deleted")
    latest = directory.parent / "latest"
    if latest.is_symlink() and latest.resolve() == directory.resolve():
        latest.unlink()
    shutil.rmtree(directory)


def _runs(runs: Path) -> list[Path]:
    """Oldest first; links are no runs."""
    folders = (path for path in runs.iterdir()) if runs.is_dir() else iter(())
    found = [path for path in folders if path.is_dir() and not path.is_symlink() and _is_run(path)]
    return sorted(found, key=lambda path: (_began_ns(path), path.name))


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file() or (path / "journal.json").is_file()


def _began_ns(path: Path) -> int:
    started = (read_json(path / "run.json") or {}).get("started_ns")
    return started if isinstance(started, int) else path.stat().st_mtime_ns


def _name(value: Any) -> str:
    return str(value.get("name") or "unknown") if isinstance(value, dict) else "unknown"


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([dhm])", text.strip())
    if not found:
        raise ConfigurationError(f"{text!r} is no age: write a number and d, h or m, as in 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
