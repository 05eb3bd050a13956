"""The report of a run comes in the language that the environment asks for."""

import pytest
from harness import Bench

from experiments import smallest

pytestmark = pytest.mark.embedded


def test_a_run_reports_in_german(embedded: Bench) -> None:
    run = embedded.passes(smallest(), STEHAUF_LANG="de")
    assert run.directory
    assert '<html lang="de">' in (run.directory / "report.html").read_text()


def test_a_language_that_there_is_not_ends_the_run_before_anything_is_touched(embedded: Bench) -> None:
    run = embedded.run(smallest(), STEHAUF_LANG="tlh")
    assert run.code != 0
    assert run.directory is None
    assert "There is no language 'tlh'" in run.output
