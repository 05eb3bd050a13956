"""From the command line to a proof, and from a proof to what a user reads."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from probes.assets import asset
from probes.errors import ConfigurationError
from probes.lint.lines import Unreadable, load
from probes.lint.linting import files_of
from probes.prove.controls import Subject, mechanisms, subject
from probes.prove.proving import Proof
from probes.settings import Settings
from reports.evidence.jsonl import write_json
from reports.proof import Matrix

__all__ = ["prepared", "shown", "told_settings", "written"]


def prepared(  # noqa: PLR0913 - what a user can say
    paths: Sequence[Path],
    target: str | None,
    named: Sequence[str],
    *,
    every: bool,
    needs_target: bool,
    say: Callable[[str], None],
) -> Proof:
    """A proof that can be run. Raises ConfigurationError."""
    settings = told_settings(Settings.from_environment(), target, needed=needs_target)
    if not settings.is_own_stack:
        raise ConfigurationError(
            f"The project {settings.project} is not Stehauf's own stack: what can be taken away is known of that alone"
        )
    subjects = [subject(path, _read(path)) for path in files_of(paths or [asset("experiments")])]
    return Proof(settings, subjects, mechanisms(named), say, every)


def told_settings(settings: Settings, target: str | None, *, needed: bool) -> Settings:
    """The settings with the target that was named. Raises ConfigurationError where none was, and one is needed."""
    target = target or settings.target
    if target is None and needed:
        raise ConfigurationError(
            "chaos prove was not told its target, and it chooses none by itself: say --target docker, --target "
            "embedded, or set STEHAUF_TARGET"
        )
    runs = settings.runs.absolute()
    told = {**settings.environment, **({"STEHAUF_TARGET": target} if target else {})}
    return replace(settings, target=target, runs=runs, environment=told)


def shown(matrix: Matrix, subjects: Sequence[Subject], *, ran: bool) -> list[str]:
    """The matrix as a table, then each hole and each cell that is not as it should be."""
    names = [one.name for one in subjects if one.controls or one.name in matrix.experiments]
    width = max(map(len, matrix.mechanisms), default=0)
    widths = [max(len(name), 9) for name in names]
    rows = [
        "  ".join(["without".ljust(width), *(name.ljust(space) for name, space in zip(names, widths, strict=True))])
    ]
    for mechanism in matrix.mechanisms:
        cells = [_cell(matrix, mechanism, one, ran=ran) for one in subjects if one.name in names]
        row = [mechanism.ljust(width), *(text.ljust(space) for text, space in zip(cells, widths, strict=True))]
        rows.append("  ".join(row).rstrip())
    if not ran:
        return rows
    rows += [
        f"{name}: {verdict} on the intact stack" for name, verdict in (matrix.intact or {}).items() if verdict != "PASS"
    ]
    for cell in matrix.broken_promises:
        rows.append(
            f"{cell.mechanism} x {cell.experiment}: {cell.outcome}, not caught by “{cell.claim}”: {cell.sentence}"
        )
    rows += [
        f"hole: no experiment notices the loss of {name} ({matrix.mechanisms[name].get('en', name)})"
        for name in matrix.holes
    ]
    return [*rows, _conclusion(matrix)]


def written(matrix: Matrix, settings: Settings) -> str:
    """Write proof.json; where it is, in a sentence. Raises OSError."""
    settings.runs.mkdir(parents=True, exist_ok=True)
    path = settings.runs / "proof.json"
    write_json(path, matrix.told())
    return f"Matrix: {path}"


def _conclusion(matrix: Matrix) -> str:
    if matrix.is_proved:
        return "proved"
    why = "it was interrupted" if matrix.interrupted else "it ended early" if matrix.untried else ""
    untried = f", and {len(matrix.untried)} of {len(matrix.cells)} cells were not tried" if matrix.untried else ""
    return f"NOT proved: {why}{untried}" if why else "NOT proved"


def _cell(matrix: Matrix, mechanism: str, one: Subject, *, ran: bool) -> str:
    if not ran:
        return "names it" if mechanism in one.controls else "·"
    found = matrix.cell(mechanism, one.name)
    return found.outcome if found else "·"


def _read(path: Path) -> dict[str, Any]:
    try:
        read = load(path).value
    except Unreadable as error:
        raise ConfigurationError(f"{path}:{error.line} cannot be read: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get("method"), list):
        raise ConfigurationError(f"{path} is no experiment: it has to be one mapping with a title and a method")
    return read
