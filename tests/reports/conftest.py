"""Fixtures of the room: a run that passes, on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_builder import Run

from reports.evidence.reader import Evidence


@pytest.fixture
def run() -> Run:
    """A run that passes, to be spoiled."""
    return Run()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Run], Evidence]:
    """Writes a run, and opens its evidence."""
    return lambda run: Evidence(run.write(tmp_path / "run"))
