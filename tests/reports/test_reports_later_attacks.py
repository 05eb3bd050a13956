"""Evidence that a broken system, or a broken look at one, can leave: each of these was a PASS once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence_builder import Run
from evidence_lasting import OVER, lasting
from evidence_parts import ASKED, CLOSED, DIED, END, MS, OPENED, TRIAL, S, Samples, probe
from evidence_spoils import FAIL, INCONCLUSIVE, Spoils, Written, check, declare, reshoot

from probes.run.about import RunAbout
from reports.evidence.reader import Evidence
from reports.evidence.samples import DEGRADED
from reports.figures import FIGURES, MissingEvidence, NotRecovered, receipt
from reports.figures.windows import transitions_of
from reports.trials.baseline import Baseline, read_baseline
from reports.trials.comparison import compare
from reports.trials.reading import read_trials
from reports.verdict import judge, write

WITHIN = {"type": "range", "range": [0, 10]}
CODE = {"type": "probe", "name": "small enough", "provider": {"type": "python", "module": "m", "func": "f"}}


def judged_by_code(run: Run, figure: str, value: Any, met: bool = True, **arguments: Any) -> None:
    """The claim's tolerance is a probe, which was content with the value that it saw."""
    one = declare(run, probe(figure, value, CODE, **arguments))
    run.checks.append({"at_ns": END, "activity": figure.replace("_", " "), "start": one["start"], "met": met})


def degraded_from(run: Run, since: int) -> None:
    reshoot(run, lambda row: (*row[:4], DEGRADED, *row[5:]) if row[0] >= since else row)


def relapsed(run: Run) -> None:
    """Users were well for a while after the recovery; from then to the end they see nothing but the fallback."""
    degraded_from(run, END - 2 * S)
    unclaimed(run, "fallback_held", "degraded_outside_fault")


def unclaimed(run: Run, *figures: str) -> None:
    """These claims are not made."""
    for listed in (run.method, run.experiment["method"]):
        listed[:] = [one for one in listed if one.get("activity", one)["provider"]["func"] not in figures]


def claim_settled(run: Run, high: float = 20, value: float = 1.2) -> None:
    declare(run, probe("settled_seconds", value, {"type": "range", "range": [0, high]}, service="product"))


def never_good(run: Run, stem: str) -> None:
    """It asks at a wrong place: quick errors, with and without the fault."""
    reshoot(run, lambda row: (row[0], 900, row[2], 404, 0, *row[5:]), stem)


def second_canary_file(run: Run) -> None:
    old = run.samples["canary-shop-21"]
    run.samples["canary-shop-9"] = Samples(dict(old.about), list(old.rows), list(old.texts))


def idle_worker(run: Run) -> None:
    run.run["recording"]["workers"] = 2
    run.samples["load-23"] = Samples(dict(run.samples["load-22"].about))


def ended_early(run: Run) -> None:
    """The load and both canaries were stopped in mid-method: nobody was there to fail."""
    run.run["load_ended_ns"] = ASKED + 5 * S
    for stem in ("load-22", "canary-shop-21", "canary-product-21"):
        run.samples[stem].rows = [row for row in run.samples[stem].rows if row[0] < ASKED + 5 * S]
    run.pulses = [pulse for pulse in run.pulses if pulse["at_ns"] < ASKED + 5 * S]


def clock_set(run: Run, seconds: float) -> None:
    clock = run.run["clock"]
    passed = 30 * S
    clock["ended_monotonic_ns"] = clock["monotonic_ns"] + passed
    clock["ended_wall_ns"] = clock["wall_ns"] + passed + int(seconds * S)


def by_another_name(run: Run) -> None:
    """The same function under the module that defines it; a failure came after the probe had looked."""
    run.samples["canary-shop-21"].add(END - S, 900_000, 200)
    one = declare(run, probe("latency_max_ms", 20.0, {"type": "range", "range": [0, 500]}, source="canary:shop"))
    one["activity"]["provider"]["module"] = "probes.figures_of_users"


SPOILS: Spoils = {
    "a tolerance that runs code, and a figure that the whole evidence does not give": (
        lambda r: judged_by_code(r, "recovery_seconds", 1.2, service="storefront"),
        INCONCLUSIVE,
        "no fault of 'storefront'",
    ),
    "a tolerance that runs code, and a figure that was another one in the end": (
        lambda r: judged_by_code(r, "degraded_answers", 3),
        INCONCLUSIVE,
        "runs code, which never saw the last value",
    ),
    "a figure by another name of its module": (by_another_name, FAIL, "latency max ms"),
    "users not settled at the end": (
        lambda r: (relapsed(r), claim_settled(r)),
        INCONCLUSIVE,
        "still saw failed or degraded answers at the end",
    ),
    "users not settled after longer than claimed": (
        lambda r: (relapsed(r), claim_settled(r, 10)),
        FAIL,
        "more than",
    ),
    "a canary that was never answered well": (
        lambda r: never_good(r, "canary-product-21"),
        INCONCLUSIVE,
        "canary “product” had no good answer before the fault",
    ),
    "a load that was never answered well": (
        lambda r: (never_good(r, "load-22"), unclaimed(r, "failed_requests")),
        INCONCLUSIVE,
        "load had no good answer before the fault",
    ),
    "a canary's samples of another run": (second_canary_file, INCONCLUSIVE, "2 files of samples"),
    "a process of the load that made no request": (idle_worker, INCONCLUSIVE, "load-23.samples is empty"),
    "a load of which only the first second is known": (
        lambda r: r.pulses.__delitem__(slice(1, None)),
        INCONCLUSIVE,
        "kept up with its load",
    ),
    "a load that was ended in mid-method": (ended_early, INCONCLUSIVE, "canary “shop” was silent for"),
    "a clock that was set forward": (lambda r: clock_set(r, 7), INCONCLUSIVE, "was set by +7 s"),
    "a clock that was set back": (lambda r: clock_set(r, -1.5), INCONCLUSIVE, "was set by -1.5 s"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_it_is_a_pass_no_more(name: str, written: Written) -> None:
    check(SPOILS[name], written)


HONEST: dict[str, Callable[[Run], Any]] = {
    "a clock that was kept right": lambda r: clock_set(r, 0.02),
    "a tolerance that runs code, on the value that stayed": lambda r: judged_by_code(r, "failed_requests", 0),
    "users who settled": lambda r: claim_settled(r, 10, CLOSED / S - ASKED / S),
    "a load whose process was late with its word now and then": lambda r: r.pulses.__delitem__(slice(4, 7)),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_honest_still_passes(name: str, run: Run, written: Written) -> None:
    HONEST[name](run)
    verdict = judge(written(run))
    assert verdict.verdict == "PASS", verdict.reasons


def test_settling_is_counted_on_over_a_fault_that_came_before_users_were_well(run: Run, written: Written) -> None:
    """One outage of 9 s with a second fault in its midst is no two of 4.5 s."""
    reshoot(run, lambda row: (*row[:4], DEGRADED, *row[5:]) if DIED <= row[0] < ASKED + 9 * S else row)
    run.faults.append({**run.fault("asked", ASKED + 4 * S + S // 2), "id": "f2"})
    assert FIGURES["settled_seconds"](written(run), service="product") == pytest.approx(9.0, abs=0.05)


def test_users_who_flap_until_the_end_have_not_settled(run: Run, written: Written) -> None:
    reshoot(run, lambda row: (*row[:4], DEGRADED, *row[5:]) if row[0] >= DIED and row[0] // (20 * MS) % 9 else row)
    with pytest.raises(NotRecovered, match="at the end of the 15"):
        FIGURES["settled_seconds"](written(run), service="product")


def test_others_who_failed_before_the_fault_are_no_measure(run: Run, written: Written) -> None:
    """Failed before, failed within: no slower by any count, and nothing was shown."""
    never_good(run, "load-22")
    with pytest.raises(MissingEvidence, match="failed before the fault"):
        FIGURES["others_slowed_ms"](written(run), service="product")


def test_a_band_of_no_good_answers_is_no_band(run: Run, written: Written) -> None:
    never_good(run, "load-22")
    with pytest.raises(MissingEvidence, match="no good answer before the fault"):
        FIGURES["back_in_band_seconds"](written(run), service="product", source="load")


def test_the_outage_of_an_earlier_fault_is_not_how_things_were_before(run: Run, written: Written) -> None:
    """The order service broke 4 s earlier, and users waited from then to the end: product's crash changed nothing."""
    earlier = ASKED - 2 * S
    other = {"service": "order", "instance": "order-id", "id": "f0"}
    run.faults[:0] = [{**run.fault("asked", earlier), **other}]
    for stem in ("load-22", "canary-shop-21"):
        reshoot(run, lambda row: (row[0], 400_000, *row[2:]) if earlier <= row[0] else row, stem)
    evidence = written(run)
    assert FIGURES["others_slowed_ms"](evidence, service="product") > 300
    with pytest.raises(NotRecovered):
        FIGURES["back_in_band_seconds"](evidence, service="product")


READ_ONCE = ("hang", "stall", "stop", "partition", "latency", "loss", "bandwidth", "bad_answers", "dns_failure",
             "cpu_starved", "memory_squeezed", "disk_full")  # fmt: skip


@pytest.mark.parametrize("kind", READ_ONCE)
def test_a_fault_that_was_read_once_may_have_been_gone_a_moment_later(kind: str, run: Run, written: Written) -> None:
    lasting(run, kind)
    run.readings = [one for one in run.readings if one["when"] != "during" or one["at_ns"] < OVER - 10 * MS]
    check_unproved(written(run), "read back only once")


def check_unproved(evidence: Evidence, why: str) -> None:
    found = receipt(evidence, evidence.faults[0])
    assert not found.proved
    assert why in found.sentence
    assert judge(evidence).verdict == INCONCLUSIVE


def test_a_partition_that_nobody_tried_to_cross_is_not_proved(run: Run, written: Written) -> None:
    lasting(run, "partition")
    run.readings = [one for one in run.readings if (one["when"], one["what"]) != ("during", "connection_opens")]
    check_unproved(written(run), "nobody tried")


RAISED = [("cpu_starved", "cpus", 0.01), ("memory_squeezed", "memory_bytes", 1)]


@pytest.mark.parametrize(("kind", "what", "was"), RAISED)
def test_a_limit_that_was_raised_starves_nobody(kind: str, what: str, was: float, run: Run, written: Written) -> None:
    lasting(run, kind)
    for one in run.readings:
        if (one["when"], one["what"]) == ("before", what):
            one["value"] = was
    check_unproved(written(run), "no higher before it")


def test_a_missing_transition_of_one_of_two_copies_is_noticed(run: Run, written: Written) -> None:
    """Two copies answer in turn: what one of them did between 1 and 4 is gone, the other's lines lie in between."""
    other = {**run.breakers[0], "boot": "b-2", "at_ns": TRIAL, "seq": 0}
    run.breakers = [run.breakers[0], run.breakers[1], other, {**run.breakers[3], "seq": 4}]
    assert run.breakers[1]["at_ns"] == OPENED
    with pytest.raises(MissingEvidence, match="transitions 2 to 3 are missing"):
        transitions_of(written(run), "product")


# -- sets of trials ---------------------------------------------------------------------------------------------


def trials_of(tmp_path: Path, *runs: str, **changes: Callable[[Run], Any]) -> Path:
    for name in dict.fromkeys(runs):
        run = Run()
        changes.get(name, lambda _: None)(run)
        write(run.write(tmp_path / name))
    directory = tmp_path / "set"
    directory.mkdir()
    lines = [{"run": name, "exit_code": 0, "began_ns": 1} for name in runs]
    (directory / "trials.json").write_text(json.dumps({"format": 1, "planned": len(lines), "trials": lines}))
    return directory


def test_a_run_that_is_counted_twice_is_one_run(tmp_path: Path) -> None:
    found = read_trials(trials_of(tmp_path, "a", "b", "a"))
    assert [trial.outcome for trial in found.trials] == ["PASS", "PASS", "INCONCLUSIVE"]
    assert "in this set already" in found.trials[2].reason
    assert found.outcome == "INCONCLUSIVE"


def test_a_run_of_another_experiment_is_no_trial_of_this_one(tmp_path: Path) -> None:
    found = read_trials(trials_of(tmp_path, "a", "b", b=lambda run: run.run["experiment"].update(sha256="0" * 64)))
    assert [trial.outcome for trial in found.trials] == ["PASS", "INCONCLUSIVE"]
    assert "another experiment" in found.trials[1].reason


def kept(recoveries: int, runs: int = 12) -> Baseline:
    figures = {"recovery_seconds": tuple(1 + n / 100 for n in range(recoveries)), "failed_requests": (0.0,) * runs}
    return Baseline("e", "0", "docker", {}, {}, runs, runs, {name: some for name, some in figures.items() if some})


@pytest.mark.parametrize("there", [0, 2])
def test_a_figure_that_most_runs_lost_is_not_within_the_noise(there: int) -> None:
    """Runs that say nothing of their recovery are no proof that it did not get worse."""
    assert "time to recovery" in compare(kept(12), kept(there)).too_few
    assert not compare(kept(12), kept(12)).too_few


def test_a_baseline_with_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    figures = '{"recovery_seconds": [1.0, NaN]}'
    path.write_text('{"format": 1, "trials": 2, "passed": 2, "figures": ' + figures + "}")
    with pytest.raises(ValueError, match="no baseline any more"):
        read_baseline(path)


def test_a_run_reads_both_clocks_at_its_beginning_and_at_its_end() -> None:
    """Else nobody could tell that one of them was set in between."""
    kept: dict[str, Any] = {}
    about = RunAbout({"title": "x"}, {}, None, {})
    about.end(None)
    about.write(type("Keeps", (), {"write": lambda _self, _name, facts: kept.update(facts)})())
    clock = kept["clock"]
    passed = clock["ended_monotonic_ns"] - clock["monotonic_ns"]
    assert passed > 0
    assert abs((clock["ended_wall_ns"] - clock["wall_ns"]) - passed) < S // 10
