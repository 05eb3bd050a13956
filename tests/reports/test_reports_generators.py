"""A load generator that was itself the limit, or was lost, makes the run INCONCLUSIVE, whatever its figures are."""

import math
from collections.abc import Callable

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, BEGIN, END, MS, S
from evidence_spoils import FAIL, INCONCLUSIVE, Spoils, Written, check, reshoot

from reports.evidence.stages import Stage, all_due_ns
from reports.verdict import Outcome, judge

LOAD = "load-22"


def late(run: Run, share: float, by_ms: int, status: int = 200) -> None:
    """That share of the load's requests was sent late, and says so; the system answered as ever."""
    rows = run.samples[LOAD].rows
    every = round(1 / share)
    run.samples[LOAD].rows = [
        (due, latency + by_ms * 1000, by_ms * 10, status, flags, name, content)
        if number % every == 0
        else (due, latency, lag, answered, flags, name, content)
        for number, (due, latency, lag, answered, flags, name, content) in enumerate(rows)
    ]


def pulse(run: Run, seconds: int, **values: float) -> None:
    for one in run.pulses[:seconds]:
        one.update(values)


def fails_too(run: Run) -> None:
    """Half of the answers failed, of a generator that was swamped: nobody can say whose fault that was."""
    late(run, 0.5, 4000, status=0)


SPOILS: Spoils = {
    "one request in fifty left late": (lambda r: late(r, 0.02, 60), INCONCLUSIVE, "was the limit, not the system"),
    "late, and a claim is unmet": (fails_too, INCONCLUSIVE, "load-22.samples has one request in a hundred"),
    "a core that was used up": (lambda r: pulse(r, 3, cpu=0.97), INCONCLUSIVE, "in 3 of 20 seconds"),
    "a process held up": (lambda r: pulse(r, 3, late_s=0.4), INCONCLUSIVE, "in 3 of 20 seconds"),
    "no pulse": (lambda r: r.pulses.clear(), INCONCLUSIVE, "nothing says whether the writer of load-22.samples"),
    "a torn pulse": (lambda r: r.pulses[0].pop("cpu"), INCONCLUSIVE, "samples/load-22.pulse.jsonl: 1 damaged line"),
    "a worker was lost": (
        lambda r: r.run["recording"].update(workers=2),
        INCONCLUSIVE,
        "the load was to run in 2 processes, and 1 left samples",
    ),
    "a worker was killed": (
        lambda r: r.samples[LOAD].about.update(samples=None),
        INCONCLUSIVE,
        "load-22.samples was cut off",
    ),
    "a worker gave up": (lambda r: r.samples[LOAD].about.update(failed=True), INCONCLUSIVE, "was cut off"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_generator_in_doubt_is_noticed(name: str, written: Written) -> None:
    check(SPOILS[name], written)


def test_a_server_that_is_slow_is_no_generator_that_is_late(written: Written) -> None:
    slow = lambda row: (row[0], row[1] + 900_000, *row[2:])  # noqa: E731 - one line
    check((lambda run: reshoot(run, slow, LOAD), FAIL, "latency p95 ms"), written)


@pytest.mark.parametrize(
    "spoil",
    [lambda run: late(run, 0.005, 400), lambda run: late(run, 1, 45), lambda run: pulse(run, 2, cpu=1.0, late_s=0.3)],
    ids=["one in two hundred", "all, by 45 ms", "two seconds of twenty"],
)
def test_what_any_machine_does_now_and_then_is_let_pass(spoil: Callable[[Run], None], written: Written) -> None:
    run = Run()
    spoil(run)
    reasons = judge(written(run)).reasons
    assert not [reason for reason in reasons if reason.verdict == Outcome.INCONCLUSIVE], reasons


def test_workers_share_a_rate(written: Written) -> None:
    """Two files of 40 a second make a load of 80, and seconds of downtime are counted with that."""
    run = Run()
    rows = run.samples[LOAD].rows
    about = {"kind": "load", "host": "http://127.0.0.1:8080", "rate": 40.0}
    run.samples[LOAD].about = {**about, "share": [0, 2]}
    run.samples["load-23"] = type(run.samples[LOAD])({**about, "share": [1, 2]}, rows[1::2])
    run.samples[LOAD].rows = rows[::2]
    run.run["recording"]["workers"] = 2
    evidence = written(run)
    (evidence.directory / "samples" / "load-23.pulse.jsonl").write_bytes(
        (evidence.directory / "samples" / "load-22.pulse.jsonl").read_bytes()
    )
    assert evidence.sources["load"].rate == 80
    assert judge(evidence).verdict == Outcome.PASS


def scheduled(run: Run) -> None:
    """The load as it is in open loop: 10 to 90 a second within 4 s, then 90; and now and then a request in between."""
    stages = (Stage(4.0, 10.0, 90.0), Stage(math.inf, 90.0, 90.0))
    due = all_due_ns(stages, BEGIN, (1, 3), END).tolist()
    run.samples[LOAD].rows = [(at, 4000, 2, 200, 0, 0, 0) for at in sorted([*due, *(at + 7 * MS for at in due[::9])])]
    told = {"arrivals": [stage.row for stage in stages], "begin_ns": BEGIN, "share": [1, 3], "rate": 3.3}
    run.samples[LOAD].about |= told


def omitting(run: Run) -> None:
    """It waited for the shop while that was away, as users in closed loop do, and sent nothing meanwhile."""
    scheduled(run)
    run.samples[LOAD].rows = [row for row in run.samples[LOAD].rows if not ASKED <= row[0] < ASKED + S]


def unplanned(run: Run) -> None:
    scheduled(run)
    del run.samples[LOAD].about["begin_ns"]


def test_a_schedule_that_was_followed_passes(written: Written) -> None:
    run = Run()
    scheduled(run)
    verdict = judge(written(run))
    assert verdict.verdict == Outcome.PASS, verdict.reasons


@pytest.mark.parametrize(
    "spoiled",
    [
        (omitting, INCONCLUSIVE, "journeys that were due are not in load-22.samples"),
        (unplanned, INCONCLUSIVE, "nothing says which requests had to be in load-22.samples"),
    ],
    ids=["a second was left out", "no beginning"],
)
def test_a_generator_that_leaves_requests_out_is_noticed(
    spoiled: tuple[Callable[[Run], None], Outcome, str], written: Written
) -> None:
    check(spoiled, written)
