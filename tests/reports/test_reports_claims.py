"""A claim that was seen not to hold is FAIL."""

import pytest
from evidence_parts import ASKED, CLOSED, DIED, END, MS, S, contents, state
from evidence_spoils import (
    FAIL,
    Spoils,
    Written,
    check,
    declare,
    degrade_at,
    fail_at,
    failed,
    never_back,
    observation,
    reshoot,
    served,
)

SPOILS: Spoils = {
    "hypothesis unmet after": (
        lambda r: r.journal["steady_states"].update(after=state(met=False)),
        FAIL,
        "observed open, claimed closed",
    ),
    "hypothesis probe after says ClaimUnmet": (
        lambda r: (
            failed(r.journal["steady_states"]["after"]["probes"][1], "probes.errors.ClaimUnmet: breaker is open"),
            r.journal["steady_states"]["after"].update(steady_state_met=False),
        ),
        FAIL,
        "breaker is open",
    ),
    "hypothesis unmet during": (
        lambda r: r.journal["steady_states"]["during"].extend([state(), state(met=False)]),
        FAIL,
        "the breaker is closed",
    ),
    "method probe outside its tolerance": (
        lambda r: declare(r, observation(3, tolerance=2)),
        FAIL,
        "observed 3, claimed 2",
    ),
    "method probe says ClaimUnmet": (
        lambda r: failed(r.method[1], "probes.errors.ClaimUnmet: not back after 10 s"),
        FAIL,
        "not back after 10 s",
    ),
    "rollback probe outside its tolerance": (
        lambda r: declare(r, observation("no", tolerance="yes"), "rollbacks"),
        FAIL,
        "observed no, claimed yes",
    ),
    "code tolerance unmet": (
        lambda r: (
            declare(r, observation(1, tolerance={"type": "probe", "name": "judge", "provider": {}})),
            r.checks.append({"activity": "look", "start": r.method[-1]["start"], "value": 1, "met": False}),
        ),
        FAIL,
        "look",
    ),
    "figure unmet at the time, met in the end": (lambda r: r.method[3].update(output=2), FAIL, "0 (at the time 2)"),
    "one request of the load failed": (lambda r: fail_at(r, "load-22", END - S), FAIL, "1 (at the time 0)"),
    "one request of the users' canary failed": (lambda r: fail_at(r, "canary-shop-21", DIED), FAIL, "failed requests"),
    "degraded before the fault": (lambda r: degrade_at(r, ASKED - 2 * S), FAIL, "degraded outside fault"),
    "degraded after the breaker closed": (lambda r: degrade_at(r, CLOSED + S), FAIL, "degraded outside fault"),
    "the breaker never opened": (lambda r: setattr(r, "breakers", r.breakers[:1]), FAIL, "degraded outside fault"),
    "other contents in the fallback": (lambda r: served(r, contents(1, [{"id": "x"}])), FAIL, "fallback held"),
    "empty fallback": (lambda r: served(r, contents(1, [])), FAIL, "fallback held"),
    "fallback that is no JSON": (lambda r: served(r, "<h1>sorry</h1>"), FAIL, "fallback held"),
    "no degraded answer at all": (
        lambda r: reshoot(r, lambda row: (*row[:4], 0, *row[5:])),
        FAIL,
        "fallback held",
    ),
    "too slow": (lambda r: reshoot(r, lambda row: (row[0], 900_000, *row[2:])), FAIL, "latency p95 ms"),
    "an acknowledged order lost": (lambda r: r.fulfilments.pop(3), FAIL, "lost orders"),  # type: ignore[union-attr]
    "it did not come back": (never_back, FAIL, "product did not come back by itself"),
    "it came back too late": (
        lambda r: (
            r.events[1].update(at_ns=ASKED + 11 * S),
            r.instances[6].update(at_ns=ASKED + 11 * S + MS, started_ns=ASKED + 11 * S),
        ),
        FAIL,
        "recovery seconds",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_claim_that_does_not_hold_is_noticed(name: str, written: Written) -> None:
    check(SPOILS[name], written)
