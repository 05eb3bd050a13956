"""A run for proof waits for nothing that cannot change what it shows."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from evidence_builder import Run
from evidence_parts import DIED

from probes.errors import ClaimUnmet
from probes.run import settling
from probes.run.proof import UntilUnmet
from reports.evidence.reader import Evidence
from reports.proof import CAUGHT, UNKNOWN, judged
from reports.verdict import write

LOST = "lost orders"
LONG = 40.0
"""Seconds that nobody has to wait here."""


def claim(name: str, tolerance: Any) -> dict[str, Any]:
    return {"name": name, "type": "probe", "tolerance": tolerance}


@pytest.mark.parametrize(
    ("tolerance", "seconds"),
    [
        ({"type": "range", "range": [0, 10]}, 10.0),
        ([0, 10], 10.0),
        ([2, 10], 10.0),
        ({"type": "range", "range": [0, "${limit}"]}, None),
        ({"type": "regex", "pattern": "x"}, None),
        (0, None),
        ([1, 2, 3], None),
    ],
)
def test_what_a_claim_allows_at_most_is_what_is_waited_for(tolerance: Any, seconds: float | None) -> None:
    back, other = claim("back", tolerance), claim("other", [0, 10])
    until = UntilUnmet("back", {"method": [back, other, {"name": "back", "type": "action"}]})
    assert until.enough_s(back) == seconds
    assert until.enough_s(other) is None
    assert until.enough_s({"name": "back", "type": "action"}) is None
    assert UntilUnmet(None, {"method": [back]}).enough_s(back) is None


def test_a_claim_of_the_hypothesis_ends_no_run() -> None:
    well = claim("well", True)
    until = UntilUnmet("well", {"method": [claim("back", [0, 10])]})
    assert until.ended_by(well, {"status": "failed"}, lambda *_: False) is None


def test_an_order_that_was_seen_to_be_lost_is_caught_though_the_list_was_never_closed(tmp_path: Path) -> None:
    """A run for proof does not wait for what is on its way; nobody may take what it left for a complete list."""
    run = Run()
    assert run.fulfilments
    run.fulfilments = run.fulfilments[1:-1]
    claimed = next(one for one in run.method if one["activity"]["name"] == LOST)
    claimed["output"] = 1
    run.run["interrupted"] = f"“{LOST}” was seen not to hold, and this run was to show no more"
    run.journal["status"] = "interrupted"
    for value, outcome in ((1, CAUGHT), (0, UNKNOWN)):
        claimed["output"] = value
        directory = run.write(tmp_path / outcome)
        write(directory)
        cell = judged("broker-on-disk", "kill-broker", Evidence(directory), (LOST,))
        assert (cell.outcome, cell.verdict, cell.claim) == (outcome, "INCONCLUSIVE", LOST), cell.sentence
        assert "changed" not in cell.sentence
        assert value == 0 or "observed unknown (at the time 1), claimed 0" in cell.sentence


@pytest.mark.parametrize(("enough_s", "soon"), [(5.0, True), (3600.0, False), (None, False)])
def test_what_is_not_back_in_time_for_the_claim_is_waited_for_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough_s: float | None, soon: bool
) -> None:
    run = Run()
    samples = run.samples["canary-shop-21"]
    samples.rows = [(*row[:3], 500 if row[0] > DIED else 200, *row[4:]) for row in samples.rows]
    session = SimpleNamespace(directory=run.write(tmp_path), enough_s=enough_s, check=lambda: None)
    monkeypatch.setattr(settling, "current", lambda: session)
    began = time.monotonic()
    with pytest.raises(ClaimUnmet):
        settling.recovered("recovery_seconds", LONG if soon else 0.5, service="product")
    waited = time.monotonic() - began
    assert waited < LONG if soon else waited >= 0.5
