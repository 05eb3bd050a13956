"""A cell is caught for the reason that it names alone: a claim that fails where nothing was broken noticed no loss."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import END, S
from evidence_spoils import fail_at

from reports.evidence.reader import Evidence
from reports.proof import CAUGHT, UNKNOWN, Cell, judged
from reports.verdict import write


def cell(run: Run, tmp_path: Path, *expected: str) -> Cell:
    fail_at(run, "canary-shop-21", END - S)
    write(run.write(tmp_path / "run"))
    return judged("fallback", "kill-product", Evidence(tmp_path / "run"), expected)


UNBROKEN: dict[str, tuple[Callable[[Run], Any], str]] = {
    "no fault was recorded": (lambda r: (r.faults.clear(), r.events.clear()), "no fault was recorded"),
    "it did not die": (lambda r: r.events.clear(), "no die event"),
    "an operator's hand ended it": (
        lambda r: r.events.insert(0, {**r.events[0], "kind": "kill", "exit_code": None, "signal": 9}),
        "an operator's kill",
    ),
}


@pytest.mark.parametrize("name", UNBROKEN)
def test_where_nothing_was_broken_nothing_was_noticed(name: str, run: Run, tmp_path: Path) -> None:
    spoil, why = UNBROKEN[name]
    spoil(run)
    found = cell(run, tmp_path, "failed requests")
    assert found.outcome == UNKNOWN
    assert why in found.sentence


def test_a_service_that_stays_away_was_broken(run: Run, tmp_path: Path) -> None:
    """Without its restart policy there is no start, and so no whole receipt: the death is proved all the same."""
    run.events = run.events[:1]
    assert cell(run, tmp_path, "failed requests").outcome == CAUGHT


def test_a_steady_state_that_the_loss_alone_upsets_is_noticed_without_a_fault(run: Run, tmp_path: Path) -> None:
    before = run.journal["steady_states"]["before"]
    before["steady_state_met"] = before["probes"][1]["tolerance_met"] = False
    run.faults, run.events, run.journal["run"] = [], [], []
    assert cell(run, tmp_path, "the breaker is closed").outcome == CAUGHT
