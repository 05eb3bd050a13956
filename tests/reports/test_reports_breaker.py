"""The breaker is judged by the calls that were made: each way to be none is noticed by the claim that is about it."""

from collections.abc import Callable

import pytest
from evidence_builder import Run
from evidence_parts import ASKED, BEGIN, CLOSED, DIED, END, MS, OPENED, TRIAL, S, probe
from evidence_spoils import FAIL, INCONCLUSIVE, Spoils, Written, check, declare

from reports.evidence.reader import Evidence
from reports.evidence.samples import CANCELLED_CALL, FAILED_CALL
from reports.figures import FIGURES, MissingEvidence
from reports.verdict import Outcome, judge

CALLS = "calls-1-20"
HONEST = {
    "failures_before_open": 3,
    "calls_while_open": 0,
    "trial_calls": 1,
    "closes_after_success": True,
    "unmarked_fallbacks": 0,
}


def claimed(run: Run) -> Run:
    """The run, with every claim about its breaker."""
    for figure, value in HONEST.items():
        declare(run, probe(figure, value, value, breaker="product"))
    declare(run, probe("open_p95_ms", 5.0, {"type": "range", "range": [0, 50]}, breaker="product"))
    slowed = {"service": "product", "source": "load", "request": "/api/orders"}
    declare(run, probe("others_slowed_ms", 0.0, {"type": "range", "range": [0, 50]}, **slowed))
    declare(run, probe("breaker_opened", 1, {"type": "range", "range": [1, 5]}, breaker="product"))
    return run


def call(run: Run, at: int, latency_ms: float = 2.0, flags: int = 0) -> None:
    run.samples[CALLS].add(at, latency_ms, 0 if flags & FAILED_CALL else 200, flags)


def test_an_honest_breaker_holds_every_claim(run: Run, written: Written) -> None:
    verdict = judge(written(claimed(run)))
    assert verdict.verdict == Outcome.PASS, verdict.reasons
    figures = {claim.figure: claim.value for claim in verdict.claims if claim.figure}
    assert {name: figures[name] for name in HONEST} == HONEST


def try_and_except(run: Run) -> None:
    """A breaker that is switched off: each request asks the dead service, and falls back."""
    run.breakers = [{**run.breakers[0], "to": "disabled"}]
    for at in range(DIED, CLOSED, 20 * MS):
        call(run, at, 1.0, FAILED_CALL)


def only_says_open(run: Run) -> None:
    """It counts and reports as a breaker does, and lets every call through all the same."""
    for at in range(OPENED + 5 * MS, TRIAL, 20 * MS):
        call(run, at, 1.0, FAILED_CALL)


def let_all_try(run: Run) -> None:
    for at in range(9):
        call(run, TRIAL + MS + at, 2.0)


def slow(run: Run, stem: str, wanted: Callable[[int, int, int], bool], latency_us: int) -> None:
    """Slow down the requests for which `wanted(due, flags, name)`."""
    samples = run.samples[stem]
    samples.rows = [(row[0], latency_us, *row[2:]) if wanted(row[0], row[4], row[5]) else row for row in samples.rows]


def slow_fallback(run: Run) -> None:
    for stem in ("canary-shop-21", "load-22"):
        slow(run, stem, lambda due, flags, _: bool(flags) and due > OPENED, 290_000)


def shared_slow_pool(run: Run) -> None:
    slow(run, "load-22", lambda due, _, name: name == 1 and ASKED < due < CLOSED, 280_000)


def shared_pool_that_refuses(run: Run) -> None:
    """Refused at once is not fast."""
    samples = run.samples["load-22"]
    samples.rows = [(*r[:3], 503, *r[4:]) if r[5] == 1 and ASKED < r[0] < CLOSED else r for r in samples.rows]


def unmarked(run: Run) -> None:
    samples = run.samples["canary-shop-21"]
    samples.rows = [(*r[:4], 0, *r[5:]) if OPENED + S // 2 < r[0] < TRIAL else r for r in samples.rows]


def moved(run: Run, number: int, **values: object) -> None:
    run.breakers[number] |= values


BROKEN: Spoils = {
    "a bare try and except does not open": (try_and_except, FAIL, "“breaker opened”: observed 0"),
    "a bare try and except lets failures pass": (try_and_except, FAIL, "“failures before open”: observed 5"),
    "it says open, and calls": (only_says_open, FAIL, "“calls while open”: observed 5"),
    "it opens too early": (lambda r: r.samples[CALLS].rows.pop(-2), FAIL, "“failures before open”: observed 2"),
    "it opens too late": (lambda r: call(r, DIED, 60.0, FAILED_CALL), FAIL, "“failures before open”: observed 4"),
    "half-open it lets all in": (let_all_try, FAIL, "“trial calls”: observed 10 (at the time 1)"),
    "half-open without a trial": (lambda r: r.samples[CALLS].rows.pop(), FAIL, "“trial calls”: observed 0"),
    "it closes after a failed trial": (
        lambda r: (r.samples[CALLS].rows.pop(), call(r, TRIAL + MS, 1.0, FAILED_CALL)),
        FAIL,
        "“closes after success”: observed false",
    ),
    "it never closes": (lambda r: r.breakers.pop(), FAIL, "“closes after success”: observed false"),
    "a good trial opens it again": (
        lambda r: moved(r, 3, to="open"),
        FAIL,
        "“closes after success”: observed false",
    ),
    "its fallback is slow": (slow_fallback, FAIL, "“open p95 ms”: observed 290 ms"),
    "its fallback is not marked": (unmarked, FAIL, "“unmarked fallbacks”: observed 2"),
    "others wait in the same pool": (shared_slow_pool, FAIL, "“others slowed ms”"),
    "others are refused by the same pool": (shared_pool_that_refuses, FAIL, "“others slowed ms”"),
    "calls were not recorded": (lambda r: r.samples.pop(CALLS), INCONCLUSIVE, "were configured, and never read"),
    "a call was not read in time": (
        lambda r: r.samples[CALLS].about.update(lost=1),
        INCONCLUSIVE,
        "is not complete",
    ),
    "nothing says that none was lost": (
        lambda r: r.samples[CALLS].about.pop("lost"),
        INCONCLUSIVE,
        "is not complete",
    ),
    "calls to others only": (
        lambda r: r.samples[CALLS].about.update(names=["moon", "order"]),
        INCONCLUSIVE,
        "no one list of calls to 'product'",
    ),
    "nobody asked while it was open": (
        lambda r: [
            setattr(samples, "rows", [row for row in samples.rows if not OPENED - 50 * MS < row[0] < TRIAL])
            for samples in (r.samples["canary-shop-21"], r.samples["load-22"])
        ],
        INCONCLUSIVE,
        "no user asked for anything while",
    ),
    "the service with the breaker restarted": (
        lambda r: moved(r, 3, boot="b-2"),
        INCONCLUSIVE,
        "its service restarted",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_breaker_is_noticed(name: str, written: Written) -> None:
    spoil, outcome, why = BROKEN[name]
    check((lambda run: spoil(claimed(run)), outcome, why), written)


def test_a_call_that_was_given_up_is_neither_failure_nor_success(run: Run, written: Written) -> None:
    """It says nothing of the other side, and the breaker does not count it."""
    call(run, DIED, 10.0, CANCELLED_CALL)
    call(run, TRIAL + MS, 1.0, CANCELLED_CALL)
    evidence = written(run)
    assert FIGURES["failures_before_open"](evidence, breaker="product") == 3
    assert FIGURES["closes_after_success"](evidence, breaker="product") is True


def test_a_call_in_flight_while_it_opened_is_no_call_while_open(run: Run, written: Written) -> None:
    call(run, OPENED - MS, 200.0, FAILED_CALL)
    evidence = written(run)
    assert FIGURES["calls_while_open"](evidence, breaker="product") == 0
    assert FIGURES["failures_before_open"](evidence, breaker="product") == 3


def test_of_two_openings_the_odd_one_is_told(run: Run, written: Written) -> None:
    """One that opens as configured once, and at the first failure later, is not right on average."""
    again = [{**line, "seq": line["seq"] + 3, "at_ns": line["at_ns"] + 8 * S} for line in run.breakers[1:]]
    run.breakers += again
    rows = run.samples[CALLS].rows
    run.samples[CALLS].rows = [row for row in rows if row[5] or not OPENED + 7.5 * S < row[0] < CLOSED + 8 * S]
    call(run, OPENED + 8 * S - 2 * MS, 1.0, FAILED_CALL)
    call(run, TRIAL + 8 * S + MS, 1.0)
    assert FIGURES["failures_before_open"](written(run), breaker="product") == 1


def test_of_several_callers_the_one_counts_that_the_breaker_is_in(run: Run, written: Written) -> None:
    other = "http://127.0.0.1:9999/calls"
    run.samples["calls-2-20"] = type(run.samples[CALLS])({**run.samples[CALLS].about, "url": other})
    for at in range(BEGIN, END, 20 * MS):
        run.samples["calls-2-20"].add(at, 1.0, 0, FAILED_CALL)
    assert FIGURES["calls_while_open"](written(run), breaker="product") == 0


def test_breakers_of_others_have_no_calls_of_ours(run: Run, written: Written) -> None:
    with pytest.raises(MissingEvidence, match="never read"):
        FIGURES["calls_while_open"](written(run), breaker="moon")


def test_calls_are_no_requests_of_users(run: Run, written: Written) -> None:
    evidence: Evidence = written(run)
    assert sorted(evidence.sources) == ["canary:product", "canary:shop", "load"]
