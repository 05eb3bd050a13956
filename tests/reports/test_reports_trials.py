"""Many runs judged together: what they allow, and what is a regression."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from evidence_builder import Run
from evidence_parts import END, S
from scipy.stats import binom

from probes.cli.baseline import baseline
from reports.render.trials import render_trials
from reports.trials.baseline import Baseline, baseline_of, read_baseline, unlike, write_baseline
from reports.trials.comparison import ALPHA, Comparison, compare, most_alarms
from reports.trials.reading import Trials, read_trials
from reports.trials.statistics import allowed, most_failures, spread
from reports.verdict import Outcome, write

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A set of trials on disk; what is given changes one of its runs each."""

    def made(*changes: Callable[[Run], Any] | None, codes: dict[int, int] | None = None, planned: int = 0) -> Path:
        lines: list[dict[str, Any]] = []
        for number, change in enumerate(changes):
            run = Run()
            run.run.update(machine={"cores": 2, "kernel": "Linux 6.1"}, run=f"r{number}")
            if change:
                change(run)
            write(run.write(tmp_path / f"2026-r{number}"))
            lines.append({"run": f"2026-r{number}", "exit_code": (codes or {}).get(number, 0), "began_ns": number})
        directory = tmp_path / "20260528T202640Z-kill-product-trials"
        directory.mkdir()
        told = {"format": 1, "experiment": "kill-product", "planned": planned or len(lines), "trials": lines}
        (directory / "trials.json").write_text(json.dumps({**told, "interrupted": None}))
        return directory

    return made


def failing(run: Run) -> None:
    run.samples["load-22"].add(END - S, 5, 500)


def unknown(run: Run) -> None:
    run.problems.append({"at_ns": 1, "what": "a hole"})


def test_the_bound_on_failures_is_said_in_words() -> None:
    assert most_failures(10, 10) == pytest.approx(1 - 0.05 ** (1 / 10))
    assert allowed(10, 10) == "10 of 10 passes still allows about 26 % failures at 95 % confidence."
    assert most_failures(9, 10) == pytest.approx(0.394, abs=0.001)
    assert most_failures(0, 3) == 1
    assert allowed(0, 0) == "No run was judged: nothing can be said."


def test_the_interval_of_the_median_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        found = spread(list(rng.lognormal(0, 0.5, 12)))
        assert found
        assert found.median_low is not None
        assert found.median_high is not None
        hits += found.median_low <= 1 <= found.median_high
    assert hits / 300 > 0.93


def test_a_figure_of_few_runs_has_no_interval_and_says_what_its_largest_means() -> None:
    found = spread([3.0, 1.0, 2.0])
    assert found
    assert (found.median, found.p95, found.low, found.high) == (2, 3, 1, 3)
    assert (found.median_low, found.median_high) == (None, None)
    assert found.below_high == pytest.approx(0.05 ** (1 / 3))
    assert spread([]) is None


def test_what_is_not_known_is_never_counted_as_a_pass(make: Make) -> None:
    found = read_trials(make(None, failing, unknown))
    assert [trial.outcome for trial in found.trials] == ["PASS", "FAIL", "INCONCLUSIVE"]
    assert (found.passed, found.outcome) == (1, Outcome.FAIL)
    assert found.trials[2].figures == {}, "figures of a run that could not be judged are none"
    assert len(found.values("recovery_seconds")) == 2


def test_a_pass_whose_process_did_not_end_well_is_none(make: Make) -> None:
    found = read_trials(make(None, None, codes={1: 1}))
    assert [trial.outcome for trial in found.trials] == ["PASS", "INCONCLUSIVE"]


def test_a_set_that_was_cut_short_is_no_pass_and_neither_is_an_empty_one(make: Make) -> None:
    found = read_trials(make(None, planned=3))
    assert (found.passed, found.outcome) == (1, Outcome.INCONCLUSIVE)


def test_evidence_that_is_gone_or_was_changed_is_no_pass(make: Make) -> None:
    directory = make(None, None)
    (directory.parent / "2026-r0").rename(directory.parent / "elsewhere")
    events = directory.parent / "2026-r1" / "events.jsonl"
    events.write_text(events.read_text() + "\n")
    found = read_trials(directory)
    assert [trial.outcome for trial in found.trials] == ["INCONCLUSIVE", "INCONCLUSIVE"]
    assert found.trials[0].reason == "its evidence is gone"


def crashed_lately(run: Run) -> None:
    shot = next(one for one in run.instances if one["when"] == "before-fault")
    shot.update(restart_count=1, started_ns=shot["at_ns"] - 4 * S)


def test_a_run_that_the_restart_backoff_reached_is_told(make: Make) -> None:
    found = read_trials(make(None, crashed_lately))
    assert found.trials[0].backoff == ""
    assert "been up for 4.0 s" in found.trials[1].backoff


def a_baseline(figures: dict[str, Any], passed: int | None = None) -> Baseline:
    values = {name: tuple(map(float, found)) for name, found in figures.items()}
    count = len(next(iter(values.values())))
    return Baseline("e", "s", "docker", {"cores": 2}, {}, count, count if passed is None else passed, values)


def a_build(rng: np.random.Generator, runs: int = 10, slower: float = 1.0) -> Baseline:
    """Figures as real runs have them: long tails, two modes, counts that are mostly nought, and all of one run tied."""
    busy = rng.lognormal(0, 0.2, runs)
    second = rng.random(runs) < 0.2
    return a_baseline(
        {
            "recovery_seconds": (0.9 * busy * rng.lognormal(0, 0.15, runs) + second) * slower,
            "longest_gap_seconds": 0.05 * busy,
            "failed_requests": rng.poisson(0.1, runs),
            "degraded_answers": rng.poisson(80 * busy),
            "latency_p95_ms": 20 * busy * rng.lognormal(0, 0.1, runs),
        }
    )


@pytest.mark.parametrize("runs", [6, 10, 30])
def test_the_same_build_compared_twenty_times_raises_at_most_one_alarm(runs: int) -> None:
    rng = np.random.default_rng(runs)
    alarms = sum(bool(compare(a_build(rng, runs), a_build(rng, runs)).regressed) for _ in range(20))
    assert alarms <= most_alarms(20) == 1


def test_the_rate_of_false_alarms_is_what_is_said() -> None:
    rng = np.random.default_rng(4)
    alarms = sum(bool(compare(a_build(rng), a_build(rng)).regressed) for _ in range(400))
    assert alarms <= binom.ppf(0.999, 400, ALPHA)


def test_a_change_that_exceeds_the_noise_is_called_a_regression() -> None:
    rng = np.random.default_rng(11)
    caught = [compare(a_build(rng), a_build(rng, slower=4)) for _ in range(10)]
    assert sum([one.figure for one in each.regressed] == ["recovery_seconds"] for each in caught) >= 9


def test_better_is_no_regression() -> None:
    rng = np.random.default_rng(12)
    assert compare(a_build(rng), a_build(rng, slower=0.2)).regressed == ()


def test_runs_that_stopped_passing_are_a_regression() -> None:
    old, new = a_baseline({"failed_requests": [0] * 10}), a_baseline({"failed_requests": [0] * 10}, passed=2)
    assert [one.figure for one in compare(old, new).regressed] == ["passes"]


def test_too_few_runs_say_so() -> None:
    rng = np.random.default_rng(13)
    found = compare(a_build(rng, 3), a_build(rng, 3, slower=50))
    assert found.regressed == ()
    assert "3 and 3 runs are too few" in found.too_few
    found = compare(a_build(rng, 6), a_build(rng, 6, slower=50))
    assert found.too_few == ""
    assert [one.figure for one in found.regressed] == ["recovery_seconds"]


def test_unlike_things_are_not_compared_unless_told(make: Make, tmp_path: Path) -> None:
    old = baseline_of(read_trials(make(None)))
    assert unlike(old, old) == []
    path = tmp_path / "baseline.json"
    write_baseline(old, path)
    assert read_baseline(path) == old
    for key, value in (
        ("target", "embedded"),
        ("machine", {"cores": 64}),
        ("experiment", {"name": "x", "sha256": "y"}),
    ):
        told = json.loads(path.read_text()) | {key: value}
        other = tmp_path / f"{key}.json"
        other.write_text(json.dumps(told))
        done = chaos(tmp_path, "compare", "--file", str(other))
        assert done.exit_code == 1
        assert "Not compared, for it would say nothing" in done.output
        done = chaos(tmp_path, "compare", "--file", str(other), "--anyway")
        assert "Compared all the same" in done.output
        assert done.exit_code == 2, "one run against one says nothing"


def chaos(runs: Path, *arguments: str) -> Result:
    return CliRunner().invoke(baseline, arguments, env={"STEHAUF_RUNS": str(runs)})


def test_a_baseline_is_small_names_no_machine_and_is_not_replaced_unasked(make: Make, tmp_path: Path) -> None:
    make(None, None)
    path = tmp_path / "kept" / "baseline.json"
    assert chaos(tmp_path, "save", "--file", str(path)).exit_code == 0
    text = path.read_text()
    assert len(text) < 3000
    assert str(tmp_path) not in text
    done = chaos(tmp_path, "save", "--file", str(path))
    assert (done.exit_code, "--force" in done.output) == (1, True)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "trials": 3, "passed": 9, "figures": {}}'])
def test_a_baseline_that_cannot_be_read_ends_in_a_sentence(text: str, make: Make, tmp_path: Path) -> None:
    make(None)
    path = tmp_path / "baseline.json"
    path.write_text(text)
    done = chaos(tmp_path, "compare", "--file", str(path))
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "Traceback" not in done.output


def test_a_baseline_of_runs_none_of_which_passed_is_refused(make: Make, tmp_path: Path) -> None:
    make(failing)
    done = chaos(tmp_path, "save", "--file", str(tmp_path / "b.json"))
    assert (done.exit_code, "should show the system well" in done.output) == (1, True)


def worse() -> Comparison:
    rng = np.random.default_rng(1)
    return compare(a_build(rng), a_build(rng, slower=9), ("the machine is another",))


def page_of(found: Trials, lang: str) -> str:
    return re.sub(r"\s+", " ", render_trials(found, worse(), lang))


def test_the_page_says_all_of_it_in_both_languages(make: Make) -> None:
    found = read_trials(make(None, None, failing, unknown))
    page = page_of(found, "en")
    assert "2 of 4 passes still allows about 91 % failures at 95 % confidence." in page
    assert "FAIL: 1. INCONCLUSIVE: 1, counted as no pass." in page
    assert "✕ regression" in page
    rows = dict(
        re.findall(r'<th scope="row">(lost orders|failed requests)</th>(.*?)</tr>', page.partition("claim held")[2])
    )
    assert re.findall(r">([^<]+)</td>", rows["lost orders"]) == ["3", "0", "1", "up to 76 %"]
    assert re.findall(r">([^<]+)</td>", rows["failed requests"]) == ["2", "1", "1", "up to 91 %"]
    assert "Compared all the same: the machine is another" in page
    assert f"alpha {ALPHA * 100:.0f} %" in page
    german = page_of(found, "de")
    assert "✕ Verschlechterung" in german
    assert '<html lang="de">' in german
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/\S*", "", page), "it loads nothing"
