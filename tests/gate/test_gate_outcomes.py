"""What comes of an experiment is what pytest, JUnit, Allure and verdicts.json say of it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from gate_kit import Gate, Gated

from probes.errors import ConfigurationError
from probes.gate.budget import measured, read_budget
from reports.evidence.reader import Evidence
from reports.figures import MissingEvidence

ROOT = Path(__file__).parents[2]
NO_CONTROL = "[2026-01-01 WARNING] Failed to load control 'stehauf'\n"
BROKE = "[2026-01-01 ERROR] it broke afterwards\n"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory, evidence: Callable[[str], Path]) -> Gated:
    """One suite with an experiment of each kind, and a budget."""
    gate = Gate(tmp_path_factory.mktemp("gate"))
    forged = gate.folder / "forged"
    shutil.copytree(evidence("FAIL"), forged)
    text = (forged / "verdict.json").read_text(encoding="utf-8")
    (forged / "verdict.json").write_text(text.replace("FAIL", "PASS"), encoding="utf-8")
    gate.experiment("passes", (0, "", evidence("PASS")), (0, "", evidence("PASS")), tags=("crash", "restart-policy"))
    gate.experiment("fails", (0, "", evidence("PASS")), (1, "", evidence("FAIL")), tags=("xfail",))
    gate.experiment("proves-nothing", *[(1, "", evidence("INCONCLUSIVE"))] * 2, tags=("skip",))
    gate.experiment("silent", *[(0, NO_CONTROL, None)] * 2)
    gate.experiment("odd", *[(1, BROKE, evidence("PASS"))] * 2)
    gate.experiment("forged", *[(0, "", forged)] * 2)
    (gate.folder / "budget.yaml").write_text("recovery_p95_seconds: 0.01\nlost_orders: 0\n", encoding="utf-8")
    return gate("experiments", "--target", "embedded", "--trials", "2", "--budget", "budget.yaml")


def test_the_exit_code_is_not_0_and_nothing_of_ours_is_traced(gated: Gated) -> None:
    assert gated.code == 1
    assert "4 failed, 2 passed, 2 errors" in gated.output
    assert "Traceback" not in gated.output
    assert "probes/gate" not in gated.output


def test_verdicts_json_has_every_experiment_and_the_worst_of_its_trials(gated: Gated) -> None:
    rows = {Path(row["experiment"]).stem: row for row in gated.verdicts["experiments"]}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "passes": "PASS",
        "fails": "FAIL",
        "proves-nothing": "INCONCLUSIVE",
        "silent": None,
        "odd": "INCONCLUSIVE",
        "forged": "FAIL",
    }
    assert [run["verdict"] for run in rows["fails"]["runs"]] == ["PASS", "FAIL"]
    assert rows["passes"]["figures"]["failed requests"] == 0
    assert (gated.verdicts["passed"], gated.verdicts["target"]) == (False, "embedded")
    assert "Chaos experiment suite" in (gated.folder / "runs" / "suite.html").read_text(encoding="utf-8")


def test_a_claim_that_does_not_hold_is_a_failure_with_value_limit_and_report(
    gated: Gated, evidence: Callable[[str], Path]
) -> None:
    text = gated.told("fails", "failure")
    assert "“failed requests”: observed 1 (at the time 0), claimed 0" in text
    assert f"Report: {evidence('FAIL') / 'report.html'}" in text
    assert gated.allure("fails")["status"] == "failed"


def test_a_run_that_proves_nothing_is_an_error(gated: Gated) -> None:
    assert "the disk" in gated.told("proves-nothing", "error")
    assert gated.allure("proves-nothing")["status"] == "broken"


def test_a_run_that_exits_0_and_leaves_no_verdict_is_a_failure(gated: Gated) -> None:
    """So it is where the control could not be imported: Chaos Toolkit warns, and exits 0."""
    text = gated.told("silent", "failure")
    assert "left no verdict.json" in text
    assert "Failed to load control" in text


def test_evidence_that_says_pass_is_none_where_the_run_says_otherwise(gated: Gated) -> None:
    assert "it broke afterwards" in gated.told("odd", "error")


def test_a_verdict_that_was_written_by_hand_is_judged_again(gated: Gated) -> None:
    assert "differs from verdict.json" in gated.told("forged", "failure")


def test_junit_has_the_figures_as_properties(gated: Gated) -> None:
    properties = {one.get("name"): one.get("value") for one in gated.case("passes").iter("property")}
    assert properties["verdict"] == "PASS"
    assert 0 < float(properties["recovery seconds"] or 0) < 10
    assert properties["lost orders"] == "0"


def test_a_budget_that_is_not_kept_is_a_failure(gated: Gated) -> None:
    assert "observed" in gated.told("recovery_p95_seconds", "failure")
    assert "claimed at most 0.01" in gated.told("recovery_p95_seconds", "failure")
    assert gated.case("lost_orders").find("failure") is None


def test_allure_has_each_activity_at_its_true_time_and_the_run_attached(
    gated: Gated, evidence: Callable[[str], Path]
) -> None:
    told = gated.allure("passes")
    assert told["status"] == "passed"
    tags = {label["value"] for label in told["labels"] if label["name"] == "tag"}
    assert {"crash", "restart-policy"} <= tags
    journal = json.loads((evidence("PASS") / "journal.json").read_text(encoding="utf-8"))
    crash = next(step for step in told["steps"] if step["name"] == "product crashes")
    assert abs(crash["start"] - datetime.fromisoformat(journal["run"][0]["start"]).timestamp() * 1000) <= 1
    assert crash["start"] < crash["stop"]
    states = journal["steady_states"]
    hypotheses = [*states["before"]["probes"], *states["after"]["probes"]]
    assert len(told["steps"]) == len(journal["run"]) + len(journal["rollbacks"]) + len(hypotheses)
    failing = [step["name"] for step in gated.allure("fails")["steps"] if step["status"] == "failed"]
    assert failing == ["failed requests"]
    kinds = {one["name"]: (gated.folder / "allure" / one["source"], one["type"]) for one in told["attachments"]}
    assert (kinds["report"][1], kinds["journal"][1]) == ("text/html", "application/json")
    assert ET.fromstring(kinds["timeline"][0].read_text(encoding="utf-8")).tag.endswith("svg")


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm: Allure's generator is an npm package")
def test_allures_own_generator_loads_the_result_files(gated: Gated, tmp_path: Path) -> None:
    tool = Path(sys.prefix) / "allure" / "node_modules" / ".bin" / "allure"
    made = subprocess.run(
        ["make", "--no-print-directory", str(tool), f"VENV={sys.prefix}"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip(f"Allure's generator could not be installed: {made.stderr.strip()[-200:]}")
    subprocess.run(
        [tool, "generate", gated.folder / "allure", "--output", tmp_path / "report"],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["stats"] == {"total": 8, "passed": 2, "failed": 4, "broken": 2}
    shown = [json.loads(path.read_text()) for path in (tmp_path / "report").glob("data/test-results/*.json")]
    steps = {one["name"]: [step["name"] for step in one["steps"] if "name" in step] for one in shown}
    assert "product crashes" in steps["passes"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("eror_budget: 0\n", "eror_budget"),
        ("lost_orders: none\n", "lost_orders"),
        ("lost_orders: true\n", "lost_orders"),
        ("lost_orders: -1\n", "lost_orders"),
        ("lost_orders: .nan\n", "lost_orders"),
        ("[", "could not be read"),
        ("", "no limits"),
    ],
)
def test_a_budget_that_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "budget.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_budget(str(tmp_path / "budget.yaml"))


@pytest.mark.parametrize("figure", ["recovery_p95_seconds", "error_budget", "lost_orders"])
def test_a_budget_without_evidence_is_unknown(figure: str, tmp_path: Path) -> None:
    for runs in ([], [Evidence(tmp_path)]):
        with pytest.raises(MissingEvidence):
            measured(figure, runs)


def test_a_budget_is_measured_over_all_runs(evidence: Callable[[str], Path]) -> None:
    runs = [Evidence(evidence("PASS")), Evidence(evidence("FAIL"))]
    failed, _ = measured("error_budget", runs)
    assert 0 < failed < 0.001
    assert "of 2 recoveries" in measured("recovery_p95_seconds", runs)[1]
