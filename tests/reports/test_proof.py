"""A mechanism is noticed only where the claim that was to notice it was seen not to hold; all else proves nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from evidence_builder import Run
from evidence_parts import END, S

from probes.cli.evidence import evidence as command
from reports.evidence.reader import Evidence
from reports.proof import CAUGHT, MISSED, OTHER, UNKNOWN, UNTRIED, Cell, Matrix, judged, read_matrix
from reports.render.suite import render_suite
from reports.verdict import write

Written = Callable[[Run], Evidence]
TITLES = {"fallback": {"en": "The fallback is off", "de": "Der Fallback ist aus"}}
CELL = Cell("fallback", "kill-product", CAUGHT, "FAIL", "failed requests", "observed 1")


@pytest.fixture
def sealed(tmp_path: Path) -> Written:
    """Writes a run, and judges it, which seals it."""

    def seal(run: Run) -> Evidence:
        directory = run.write(tmp_path / "run")
        write(directory)
        return Evidence(directory)

    return seal


def failing(run: Run) -> Run:
    run.samples["load-22"].add(END - S, 5, 500)
    return run


@pytest.mark.parametrize(
    ("spoil", "expected", "outcome"),
    [
        (failing, ("failed requests",), CAUGHT),
        (failing, ("recovery seconds", "failed requests"), CAUGHT),
        (failing, (), CAUGHT),
        (failing, ("recovery seconds",), OTHER),
        (lambda run: run, ("failed requests",), MISSED),
        (lambda run: run, (), MISSED),
    ],
)
def test_what_comes_of_a_cell(
    run: Run, sealed: Written, spoil: Callable[[Run], Run], expected: tuple[str, ...], outcome: str
) -> None:
    cell = judged("fallback", "kill-product", sealed(spoil(run)), expected)
    assert cell.outcome == outcome, cell.sentence
    assert cell.sentence
    if outcome == CAUGHT:
        assert cell.claim == "failed requests"


def test_a_run_that_ended_once_the_claim_was_unmet_has_caught_it(run: Run, sealed: Written) -> None:
    failing(run)
    run.run["interrupted"] = "“failed requests” was seen not to hold, and this run was to show no more"
    run.journal["status"] = "interrupted"
    cell = judged("fallback", "kill-product", sealed(run), ("failed requests",))
    assert (cell.outcome, cell.verdict) == (CAUGHT, "INCONCLUSIVE")


def test_a_hypothesis_that_was_not_met_before_the_fault_notices_too(run: Run, sealed: Written) -> None:
    before = run.journal["steady_states"]["before"]
    probe = before["probes"][0]
    probe |= {"tolerance_met": False, "output": 503}
    before["steady_state_met"] = False
    name = probe["activity"]["name"]
    assert judged("fallback", "kill-product", sealed(run), (name,)).outcome == CAUGHT


def test_a_hypothesis_that_could_not_be_asked_notices_nothing(run: Run, sealed: Written) -> None:
    before = run.journal["steady_states"]["before"]
    probe = before["probes"][0]
    probe |= {"status": "failed", "exception": ["requests.ConnectionError: refused"], "output": None}
    probe.pop("tolerance_met", None)
    before["steady_state_met"] = False
    assert judged("fallback", "kill-product", sealed(run), (probe["activity"]["name"],)).outcome == UNKNOWN


def test_a_machine_that_was_too_busy_proves_nothing(run: Run, sealed: Written) -> None:
    failing(run)
    samples = run.samples["canary-shop-21"]
    samples.rows = [(due, latency, 5000, *rest) for due, latency, _lag, *rest in samples.rows]
    assert judged("fallback", "kill-product", sealed(run), ("failed requests",)).outcome == UNKNOWN


def test_evidence_that_was_changed_proves_nothing(run: Run, tmp_path: Path) -> None:
    directory = failing(run).write(tmp_path / "run")
    write(directory)
    (directory / "heal.json").write_text("{}", encoding="utf-8")
    assert judged("fallback", "kill-product", Evidence(directory), ("failed requests",)).outcome == UNKNOWN


@pytest.mark.parametrize(
    ("matrix", "proved", "holes"),
    [
        (Matrix(TITLES, (CELL,), intact={"kill-product": "PASS"}), True, []),
        (Matrix(TITLES, (CELL,), intact={"kill-product": "FAIL"}), False, ["fallback"]),
        (Matrix(TITLES, (CELL,)), False, ["fallback"]),
        (Matrix(TITLES, (CELL,), intact={"kill-product": "PASS"}, interrupted=True), False, []),
        (Matrix(TITLES, (CELL,), intact={"kill-product": "INCONCLUSIVE"}), False, []),
        (Matrix(TITLES, (replace(CELL, outcome=UNKNOWN),), intact={"kill-product": "PASS"}), False, []),
        (Matrix(TITLES, (replace(CELL, outcome=OTHER),), intact={"kill-product": "PASS"}), False, ["fallback"]),
        (Matrix(TITLES, (replace(CELL, outcome=UNTRIED),), intact={"kill-product": "PASS"}), False, []),
        (Matrix(TITLES, (replace(CELL, outcome=UNTRIED),), interrupted=True), False, []),
        (Matrix(TITLES, (CELL, replace(CELL, experiment="b", outcome=UNTRIED)),
                intact={"kill-product": "PASS", "b": "PASS"}), False, []),
        (Matrix(TITLES, (replace(CELL, outcome=MISSED), replace(CELL, experiment="b", outcome=UNTRIED)),
                intact={"kill-product": "PASS", "b": "PASS"}), False, []),
        (Matrix(TITLES, (), intact={"kill-product": "PASS"}), False, ["fallback"]),
        (Matrix({}, (), intact={}), False, []),
        (Matrix(TITLES, (replace(CELL, outcome=MISSED),), intact={"kill-product": "PASS"}), False, ["fallback"]),
        (Matrix(TITLES, (CELL, replace(CELL, experiment="b", outcome=OTHER)),
                intact={"kill-product": "PASS", "b": "PASS"}), False, []),
        (Matrix(TITLES, (CELL, replace(CELL, experiment="b", outcome=UNKNOWN)),
                intact={"kill-product": "PASS", "b": "PASS"}), False, []),
    ],
)  # fmt: skip
def test_a_suite_is_proved_only_where_every_loss_is_noticed(matrix: Matrix, proved: bool, holes: list[str]) -> None:
    assert (matrix.is_proved, matrix.holes) == (proved, holes)


def test_the_matrix_is_in_the_report_of_the_suite_in_both_languages(tmp_path: Path) -> None:
    matrix = Matrix({**TITLES, "x": {"en": "No x"}}, (CELL,), "docker", {"kill-product": "PASS"})
    (tmp_path / "proof.json").write_text(json.dumps(matrix.told()), encoding="utf-8")
    again = read_matrix(tmp_path / "proof.json")
    assert again == matrix
    for lang, words in (
        ("en", ("The fallback is off", "noticed", "failed requests", "not proved", "nobody notices")),
        ("de", ("Der Fallback ist aus", "bemerkt", "nicht nachgewiesen", "niemand bemerkt es")),
    ):
        page = render_suite([], lang, None, matrix)
        for word in words:
            assert word in page
    assert "nobody notices" not in render_suite([])


def test_what_an_interrupted_proof_did_not_come_to_is_no_hole_in_the_report(tmp_path: Path) -> None:
    cells = (CELL, replace(CELL, mechanism="x", outcome=UNTRIED, verdict=""))
    matrix = Matrix({**TITLES, "x": {"en": "No x"}}, cells, "docker", {"kill-product": "PASS"}, interrupted=True)
    (tmp_path / "proof.json").write_text(json.dumps(matrix.told()), encoding="utf-8")
    again = read_matrix(tmp_path / "proof.json")
    assert again == matrix
    for lang, words, hole in (
        ("en", ("not tried", "was interrupted", "not proved"), "nobody notices"),
        ("de", ("nicht versucht", "abgebrochen", "nicht nachgewiesen"), "niemand bemerkt es"),
    ):
        page = render_suite([], lang, None, again)
        for word in words:
            assert word in page
        assert hole not in page


def test_a_proof_that_cannot_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    write(run.write(tmp_path / "runs" / "a"))
    (tmp_path / "proof.json").write_text("{}", encoding="utf-8")
    options = ["suite", "a", "--out", str(tmp_path / "suite.html"), "--proof", str(tmp_path / "proof.json")]
    done = CliRunner().invoke(command, options, env={"STEHAUF_RUNS": str(tmp_path / "runs")})
    assert done.exit_code == 1
    assert "is no proof.json" in done.output
    assert len(done.output.splitlines()) == 1
