"""The matrix of mechanisms and experiments, as `proof.json` has it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from reports.evidence.jsonl import read_json
from reports.proof.cells import CAUGHT, UNKNOWN, UNTRIED, Cell

__all__ = ["Matrix", "read_matrix"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells, over all mechanisms that were taken away."""

    mechanisms: Mapping[str, Mapping[str, str]]
    """What is the case without each, in each language, by the mechanism's name."""
    cells: tuple[Cell, ...]
    target: str = ""
    intact: Mapping[str, str] | None = None
    """Verdict of each experiment on the intact stack: without a PASS there, a cell shows nothing."""
    interrupted: bool = False
    """By Ctrl-C or SIGTERM."""

    @property
    def experiments(self) -> list[str]:
        """Names of the experiments, in the order run; then those whose turn did not come."""
        return list(dict.fromkeys([*(self.intact or {}), *(cell.experiment for cell in self.cells)]))

    @property
    def holes(self) -> list[str]:
        """Mechanisms whose loss nobody notices. Where that is not known they are none, and not proved either."""
        return [name for name in self.mechanisms if not any(self._counts(cell, name) for cell in self.cells)]

    @property
    def untried(self) -> list[Cell]:
        """Cells whose turn did not come."""
        return [cell for cell in self.cells if cell.outcome == UNTRIED]

    @property
    def broken_promises(self) -> list[Cell]:
        """Cells in which an experiment did not notice what it names."""
        return [cell for cell in self.cells if cell.outcome not in {CAUGHT, UNTRIED}]

    @property
    def is_proved(self) -> bool:
        """Whether every mechanism is noticed, by every experiment that names it, for the reason that it gives."""
        passed = all(verdict == "PASS" for verdict in (self.intact or {}).values())
        whole = bool(self.cells) and not self.untried and not self.interrupted
        return whole and passed and not self.holes and not self.broken_promises

    def cell(self, mechanism: str, experiment: str) -> Cell | None:
        """The cell, or None where it was not run."""
        found = (one for one in self.cells if (one.mechanism, one.experiment) == (mechanism, experiment))
        return next(found, None)

    def told(self) -> dict[str, Any]:
        """As written to proof.json."""
        return {
            "format": 1,
            "target": self.target,
            "proved": self.is_proved,
            "interrupted": self.interrupted,
            "mechanisms": {name: dict(title) for name, title in self.mechanisms.items()},
            "intact": dict(self.intact or {}),
            "cells": [asdict(cell) for cell in self.cells],
            "holes": self.holes,
        }

    def _counts(self, cell: Cell, mechanism: str) -> bool:
        """Whether it keeps the mechanism from being a hole: it was noticed, or nobody knows whether it would be."""
        intact = (self.intact or {}).get(cell.experiment)
        noticed = cell.outcome == CAUGHT and intact in {"PASS", "INCONCLUSIVE"}
        return cell.mechanism == mechanism and (noticed or cell.outcome in {UNTRIED, UNKNOWN})


def read_matrix(path: Path) -> Matrix | None:
    """The matrix in a proof.json; None where it cannot be read as one."""
    read = read_json(path) or {}
    if read.get("format") != 1:
        return None
    titles = read.get("mechanisms")
    mechanisms = {str(key): _texts(title) for key, title in titles.items()} if isinstance(titles, dict) else {}
    cells, target = tuple(_cells(read.get("cells"))), str(read.get("target") or "")
    return Matrix(mechanisms, cells, target, _texts(read.get("intact")), read.get("interrupted") is True)


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _cells(value: Any) -> Iterable[Cell]:
    names = [field.name for field in fields(Cell)]
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield Cell(*(str(one.get(name) or "") for name in names))
