"""The matrix of mechanisms and experiments, as `proof.json` has it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from reports.evidence.jsonl import read_json
from reports.proof.cells import CAUGHT, Cell

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

    @property
    def experiments(self) -> list[str]:
        """Names of the experiments, in the order run."""
        return list(dict.fromkeys([*(self.intact or {}), *(cell.experiment for cell in self.cells)]))

    @property
    def holes(self) -> list[str]:
        """Mechanisms whose loss no experiment notices that passes with them."""
        return [name for name in self.mechanisms if not any(self._counts(cell, name) for cell in self.cells)]

    @property
    def broken_promises(self) -> list[Cell]:
        """Cells in which an experiment did not notice what it names."""
        return [cell for cell in self.cells if cell.outcome != CAUGHT]

    @property
    def is_proved(self) -> bool:
        """Whether every mechanism is noticed, by every experiment that names it, for the reason that it gives."""
        passed = all(verdict == "PASS" for verdict in (self.intact or {}).values())
        return bool(self.cells) and passed and not self.holes and not self.broken_promises

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
            "mechanisms": {name: dict(title) for name, title in self.mechanisms.items()},
            "intact": dict(self.intact or {}),
            "cells": [asdict(cell) for cell in self.cells],
            "holes": self.holes,
        }

    def _counts(self, cell: Cell, mechanism: str) -> bool:
        intact = (self.intact or {}).get(cell.experiment)
        return cell.mechanism == mechanism and cell.outcome == CAUGHT and intact == "PASS"


def read_matrix(path: Path) -> Matrix | None:
    """The matrix in a proof.json; None where it cannot be read as one."""
    read = read_json(path) or {}
    if read.get("format") != 1:
        return None
    titles = read.get("mechanisms")
    mechanisms = {str(key): _texts(title) for key, title in titles.items()} if isinstance(titles, dict) else {}
    return Matrix(mechanisms, tuple(_cells(read.get("cells"))), str(read.get("target") or ""),
                  _texts(read.get("intact")))  # fmt: skip


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _cells(value: Any) -> Iterable[Cell]:
    names = [field.name for field in fields(Cell)]
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield Cell(*(str(one.get(name) or "") for name in names))
