"""What the judge is tested on has the same format as what runs write."""

import sys
from collections.abc import Callable
from pathlib import Path

from evidence_builder import Run

from reports.evidence.reader import Evidence
from reports.verdict import write

sys.path.append(str(Path(__file__).parents[1] / "e2e"))

from evidence_format import complaints


def test_built_evidence_is_as_the_schema_says_before_and_after_it_is_judged(
    run: Run, written: Callable[[Run], Evidence]
) -> None:
    directory = written(run).directory
    assert complaints(directory) == []
    assert write(directory).verdict == "PASS"
    assert complaints(directory) == []


def test_a_verdict_that_contradicts_itself_is_noticed(run: Run, written: Callable[[Run], Evidence]) -> None:
    directory = written(run).directory
    write(directory)
    verdict = directory / "verdict.json"
    verdict.write_text(
        verdict.read_text()
        .replace('"verdict":"PASS"', '"verdict":"FAIL"', 1)
        .replace('"verdict": "PASS"', '"verdict": "FAIL"', 1)
    )
    assert any(one.startswith("verdict.json") for one in complaints(directory))
