"""A claim that could not be seen is INCONCLUSIVE."""

import pytest
from evidence_parts import probe
from evidence_spoils import INCONCLUSIVE, Spoils, Written, check, declare, failed, observation

SPOILS: Spoils = {
    "hypothesis probe after ended in another error": (
        lambda r: (
            failed(r.journal["steady_states"]["after"]["probes"][1], "ConnectionError"),
            r.journal["steady_states"]["after"].update(steady_state_met=False),
        ),
        INCONCLUSIVE,
        "could not be observed",
    ),
    "journal and judge disagree": (
        lambda r: r.journal["steady_states"]["after"]["probes"][1].update(output="open"),
        INCONCLUSIVE,
        "does not come out as in the journal",
    ),
    "tolerance_met not said": (
        lambda r: r.journal["steady_states"]["after"]["probes"][0].pop("tolerance_met"),
        INCONCLUSIVE,
        "does not say whether its tolerance was met",
    ),
    "unmet after, nobody says why": (
        lambda r: r.journal["steady_states"]["after"].update(steady_state_met=False),
        INCONCLUSIVE,
        "but not why",
    ),
    "hypothesis cut short after": (
        lambda r: r.journal["steady_states"]["after"]["probes"].pop(),
        INCONCLUSIVE,
        "only 1 of 2 probes",
    ),
    "hypothesis during unfinished": (
        lambda r: r.journal["steady_states"]["during"].append({"steady_state_met": None, "probes": []}),
        INCONCLUSIVE,
        "does not say whether",
    ),
    "method probe failed": (lambda r: failed(r.method[3], "ConnectionError: refused"), INCONCLUSIVE, "refused"),
    "method action failed": (lambda r: failed(r.method[0], "no engine"), INCONCLUSIVE, "did not succeed: "),
    "rollback failed": (lambda r: failed(r.rollbacks[0], "no engine"), INCONCLUSIVE, "in the rollbacks"),
    "rollbacks not run": (lambda r: r.rollbacks.clear(), INCONCLUSIVE, "only 0 of 1 activities of the rollbacks"),
    "method cut short": (lambda r: r.method.pop(), INCONCLUSIVE, "only 6 of 7 activities of the method"),
    "an activity without an end": (lambda r: r.method[3].pop("status"), INCONCLUSIVE, "did not succeed"),
    "journal says failed": (lambda r: r.journal.update(status="failed"), INCONCLUSIVE, "did not run to its end"),
    "probe returned nothing": (lambda r: declare(r, observation(None, tolerance=True)), INCONCLUSIVE, "look"),
    "tolerance cannot be applied": (
        lambda r: declare(r, observation("x", tolerance=[1, 2])),
        INCONCLUSIVE,
        "could not be applied",
    ),
    "tolerance of an unknown kind": (
        lambda r: declare(r, observation(1, tolerance={"type": "moon"})),
        INCONCLUSIVE,
        "could not be applied",
    ),
    "tolerance with an unknown variable": (
        lambda r: declare(r, observation("a", tolerance="${limit}")),
        INCONCLUSIVE,
        "could not be applied",
    ),
    "code tolerance without an outcome": (
        lambda r: declare(r, observation(1, tolerance={"type": "probe", "name": "judge", "provider": {}})),
        INCONCLUSIVE,
        "no outcome of that was recorded",
    ),
    "figure with an argument it does not have": (
        lambda r: declare(r, probe("failed_requests", 0, 0, colour="red")),
        INCONCLUSIVE,
        "could not be judged",
    ),
    "figure of a service that was not hit": (
        lambda r: declare(r, probe("recovery_seconds", 1, [0, 10], service="moon")),
        INCONCLUSIVE,
        "no fault of 'moon'",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_claim_that_is_not_known_is_no_pass(name: str, written: Written) -> None:
    check(SPOILS[name], written)
