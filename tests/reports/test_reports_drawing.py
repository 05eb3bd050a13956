"""The picture of the README is drawn from a run, and only from one that is a PASS."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
from evidence_builder import Run

from reports.evidence.reader import Evidence

DRAWINGS = Path(__file__).parents[2] / "docs" / "drawings"
Written = Callable[[Run], Evidence]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drawing_of_a_report", DRAWINGS / "report.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_what_the_run_measured(script: ModuleType, run: Run, written: Written) -> None:
    text = script.drawn(written(run).directory)
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "The shop carries on while its catalogue is away" in text
    assert "crash of product" in text


def test_a_run_that_is_no_pass_is_not_drawn(script: ModuleType, run: Run, written: Written) -> None:
    evidence = written(run)
    (evidence.directory / "faults.jsonl").unlink()
    with pytest.raises(ValueError, match="is INCONCLUSIVE: draw a run that is a PASS"):
        script.drawn(evidence.directory)


def test_the_picture_that_is_kept_is_of_that_kind() -> None:
    text = (DRAWINGS / "report.svg").read_text(encoding="utf-8")
    assert all(part in text for part in ("PASS", "crash of product", "acknowledged orders", "Circuit breakers"))
