"""`chaos trials`: ordinary runs, judged together; Ctrl-C ends it with nothing left broken."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from harness import Bench, eventually, leftovers, read_until

from experiments import smallest

pytestmark = pytest.mark.embedded


def told(bench: Bench) -> tuple[Path, dict[str, Any]]:
    """The last set of trials, and what its trials.json says."""
    directory = max(path.parent for path in bench.folder.glob("runs/2*/trials.json"))
    found: dict[str, Any] = json.loads((directory / "trials.json").read_text(encoding="utf-8"))
    return directory, found


def test_each_trial_is_a_run_with_evidence_of_its_own(embedded: Bench) -> None:
    experiment = embedded.write(smallest(), "trial.json")
    done = embedded.chaos("trials", "2", str(experiment), STEHAUF_LANG="de")
    directory, set_ = told(embedded)
    runs = [directory.parent / line["run"] for line in set_["trials"]]
    verdicts = [json.loads((run / "verdict.json").read_text(encoding="utf-8"))["verdict"] for run in runs]
    assert len(set(runs)) == 2
    assert done.code == (0 if verdicts == ["PASS", "PASS"] else 1), done.output
    if verdicts == ["PASS", "PASS"]:  # a machine that was too busy makes an INCONCLUSIVE, and that is no PASS
        assert "2 of 2 passes still allows about 78 % failures at 95 % confidence." in done.output
    assert '<html lang="de">' in (directory / "report.html").read_text(encoding="utf-8")
    assert not list(embedded.folder.glob("journal-*.json"))
    saved = embedded.chaos("baseline", "save", "--file", str(embedded.folder / "b.json"), "--force")
    assert saved.code == 0, saved.output
    compared = embedded.chaos("baseline", "compare", "--file", str(embedded.folder / "b.json"))
    assert "too few: not even the largest change" in compared.output
    assert compared.code == 2


def test_ctrl_c_ends_the_run_that_is_going_on_and_no_other_is_begun(embedded: Bench) -> None:
    experiment = embedded.write(smallest(), "trial.json")
    with embedded.started("trials", "3", str(experiment)) as process:
        said = read_until(process, "Run 1 of 3")
        folder = max(path.parent for path in embedded.folder.glob("runs/2*/trials.json"))
        log = folder / "run-2.log"
        assert eventually(lambda: log.exists() and "made to crash" in log.read_text())
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
    directory, set_ = told(embedded)
    assert process.returncode != 0
    assert set_["interrupted"] == "SIGINT", said + rest
    assert len(set_["trials"]) == 2
    assert "Run 2 of 3: INCONCLUSIVE" in rest
    assert "interrupted by SIGINT" in rest
    assert "Traceback" not in said + rest
    assert (directory / "report.html").exists()
    assert eventually(lambda: leftovers(embedded) == [])
    assert list((embedded.folder / "state").rglob("ledger/*/*.json")) == []
    assert embedded.chaos("run", str(experiment)).directory is not None, "the target is free and well"


def test_an_experiment_that_is_refused_is_inconclusive_and_says_why(embedded: Bench) -> None:
    experiment = smallest()
    experiment["method"][0]["provider"]["arguments"]["service"] = "nobody"
    done = embedded.chaos("trials", "1", str(embedded.write(experiment, "refused.json")))
    assert done.code == 1
    assert "Run 1 of 1: INCONCLUSIVE" in done.output
    assert "nobody" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("0", "x.json"), "0 is not in the range"),
        (("2", "absent.json"), "does not exist"),
        (("1", "there.json", "--lang", "tlh"), "There is no language 'tlh'"),
        (("1", "there.json", "--baseline", "absent.json"), "There is no baseline in absent.json"),
    ],
)
def test_nonsense_is_refused_before_anything_runs(embedded: Bench, arguments: tuple[str, ...], said: str) -> None:
    embedded.write(smallest(), "there.json")
    before = set(embedded.folder.glob("runs/2*"))
    done = embedded.chaos("trials", *arguments)
    assert done.code != 0
    assert said in done.output
    assert set(embedded.folder.glob("runs/2*")) == before
