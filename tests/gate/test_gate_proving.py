"""`pytest --prove`: a mechanism whose loss is not noticed, for the reason named, is red."""

import json
from collections.abc import Callable
from pathlib import Path

from gate_kit import Gate

PROVE = ("experiments", "--target", "embedded", "--prove")
Given = Callable[[str], Path]


def test_each_mechanism_is_a_test_and_the_matrix_is_in_the_report(gate: Gate, evidence: Given) -> None:
    """Each experiment runs intact first, then without its mechanisms in the order of their names."""
    caught, missed = (1, "", evidence("FAIL")), (0, "", evidence("PASS"))
    gate.experiment("a", missed, caught, controls={"fallback": "failed requests"})
    gate.experiment("b", missed, missed, controls={"idempotency": "failed requests"})
    gate.experiment("c", missed, caught, controls={"restart-policy": "recovery seconds"})
    gate.experiment("d", missed, *[(1, "refused", None)] * 3, controls={"time-outs": "failed requests"})
    gate.experiment("e", missed, (1, "refused", None), caught, controls={"retry-limit": "failed requests"})
    gated = gate(*PROVE)
    assert gated.code == 1, gated.output
    for noticed in ("without-fallback", "without-retry-limit"):
        assert {child.tag for child in gated.case(noticed)} <= {"properties"}
    assert "b: missed" in gated.told("without-idempotency", "failure")
    assert "c: other, not caught by “recovery seconds”" in gated.told("without-restart-policy", "failure")
    assert "d: unknown" in gated.told("without-time-outs", "error")
    assert "probes/gate" not in gated.output
    proof = json.loads((gated.folder / "runs" / "proof" / "proof.json").read_text(encoding="utf-8"))
    assert proof["proved"] is False
    assert proof["holes"] == ["idempotency", "restart-policy"]  # of time-outs nothing is known
    assert "Proof that it can fail" in (gated.folder / "runs" / "suite.html").read_text(encoding="utf-8")


def test_an_experiment_that_fails_anyway_notices_nothing(gate: Gate, evidence: Given) -> None:
    failing = (1, "", evidence("FAIL"))
    gate.experiment("a", failing, failing, controls={"fallback": "failed requests"})
    gated = gate(*PROVE)
    assert gated.code == 1
    assert "no PASS on the intact stack" in gated.told("without-fallback", "error")


def test_without_a_negative_control_there_is_nothing_to_prove(gate: Gate, evidence: Given) -> None:
    gate.experiment("a", (0, "", evidence("PASS")))
    gated = gate(*PROVE)
    assert gated.code == 4
    assert "names a negative control" in gated.output
    assert "Traceback" not in gated.output
