"""Lint files, and say what was found: as text, as JSON, as annotations of GitHub."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.errors import ConfigurationError
from probes.lint.codes import Finding
from probes.lint.compose import lint_compose, services_of
from probes.lint.experiment import claimed_recoveries, lint_experiment
from probes.lint.lines import Located, Unreadable, load

__all__ = ["FORMATS", "fails", "files_of", "lint"]

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    read: Located

    @property
    def is_compose(self) -> bool:
        """Told by what it has; a file with neither is judged by its name."""
        value = self.read.value if isinstance(self.read.value, dict) else {}
        if value.keys() & {"services", "include", "method"}:
            return "method" not in value
        return "compose" in self.path.name


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files, and those directly in the folders. Raises ConfigurationError where there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
            if not inside:
                raise ConfigurationError(f"{path} has no YAML and no JSON file: name a file, or another folder")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigurationError(f"There is no {path}: name a Compose file, an experiment, or a folder of them")
    return found


def lint(paths: Sequence[Path]) -> list[Finding]:
    """Everything found in the files, by file and line.

    Compose files and experiments given together are held against each other.
    """
    found: list[Finding] = []
    files: list[_File] = []
    for path in paths:
        try:
            files.append(_File(path, load(path)))
        except Unreadable as error:
            found.append(Finding("C001" if "compose" in path.name else "E001", str(path), error.line, str(error)))
    stacks = [file for file in files if file.is_compose]
    experiments = [file for file in files if not file.is_compose]
    claimed = [claim for file in experiments for claim in claimed_recoveries(file.read)]
    services = [name for file in stacks for name in services_of(file.read)]
    for file in stacks:
        found += lint_compose(file.path, file.read, claimed)
    for file in experiments:
        found += lint_experiment(file.path, file.read, services)
    order = {str(path): number for number, path in enumerate(paths)}
    return sorted(dict.fromkeys(found), key=lambda one: (order[one.file], one.line, one.code))


def fails(found: Sequence[Finding]) -> bool:
    """Whether there is more than notes."""
    return any(one.rule.level != "note" for one in found)


def _text(found: Sequence[Finding]) -> str:
    lines = []
    for one in found:
        lines.append(f"{one.file}:{one.line}: {one.rule.level} {one.code}: {one.what}")
        lines += [f"    {one.rule.what}: {one.rule.why}", f"    remedy: {one.rule.remedy}"]
    counted = [f"{sum(one.rule.level == level for one in found)} {level}s" for level in ("error", "warning", "note")]
    return "\n".join([*lines, ", ".join(counted) if found else "nothing found"])


def _json(found: Sequence[Finding]) -> str:
    return json.dumps(
        [
            {
                "code": one.code,
                "level": one.rule.level,
                "file": one.file,
                "line": one.line,
                "found": one.what,
                "rule": one.rule.what,
                "reason": one.rule.why,
                "remedy": one.rule.remedy,
            }
            for one in found
        ],
        indent=2,
        ensure_ascii=False,
    )


def _github(found: Sequence[Finding]) -> str:
    """Workflow commands: GitHub shows them beside the line."""
    kinds = {"error": "error", "warning": "warning", "note": "notice"}
    return "\n".join(
        f"::{kinds[one.rule.level]} file={_property(one.file)},line={one.line},title={one.code}::"
        + _data(f"{one.what}. {one.rule.what}: {one.rule.why}. Remedy: {one.rule.remedy}")
        for one in found
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {"text": _text, "json": _json, "github": _github}
