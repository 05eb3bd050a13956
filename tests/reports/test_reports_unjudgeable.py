"""A run that cannot be judged at all is INCONCLUSIVE."""

import pytest
from evidence_builder import Run
from evidence_parts import END, S, state
from evidence_spoils import INCONCLUSIVE, Spoil, Written

from reports.verdict import judge


def delay(run: Run, samples: str, seconds: float, every: int) -> None:
    """One request in `every` is sent so much later than it was due."""
    late = round(seconds * 1e4)
    rows = run.samples[samples].rows
    run.samples[samples].rows = [
        (due, latency, late if index % every == 0 else lag, *rest)
        for index, (due, latency, lag, *rest) in enumerate(rows)
    ]


UNJUDGEABLE: dict[str, tuple[Spoil, str]] = {
    "interrupted, says run.json": (lambda r: r.run.update(interrupted="SIGTERM"), "interrupted (SIGTERM)"),
    "interrupted, says the journal": (lambda r: r.journal.update(status="interrupted"), "interrupted"),
    "aborted": (lambda r: r.journal.update(status="aborted"), "aborted"),
    "dry": (lambda r: r.experiment.update(dry="actions"), "dry run"),
    "dry, says the journal": (lambda r: r.journal.update(experiment={"dry": "activities"}), "dry run"),
    "one activity dry": (lambda r: r.experiment["method"][0].update(dry=True), "dry run"),
    "one rollback dry": (lambda r: r.rollbacks[0]["activity"].update(dry=True), "dry run"),
    "no hypothesis": (lambda r: r.experiment.pop("steady-state-hypothesis"), "no steady-state hypothesis"),
    "hypothesis without probes": (
        lambda r: r.experiment["steady-state-hypothesis"].update(probes=[]),
        "no steady-state hypothesis",
    ),
    "skipped before": (lambda r: r.journal["steady_states"].update(before=None), "skipped before"),
    "skipped after": (lambda r: r.journal["steady_states"].update(after=None), "skipped, or not reached, after"),
    "baseline unmet": (lambda r: r.journal["steady_states"].update(before=state(met=False)), "not in its steady state"),
    "baseline unmet, nobody says why": (
        lambda r: r.journal["steady_states"]["before"].update(steady_state_met=None),
        "not in its steady state",
    ),
    "baseline judged again is unmet": (
        lambda r: r.journal["steady_states"]["before"]["probes"][1].update(output="open"),
        "not in its steady state",
    ),
    "baseline reduced": (lambda r: r.journal["steady_states"]["before"]["probes"].pop(), "only 1 of 2 probes"),
    "method did not run": (lambda r: r.journal.update(run=[]), "did not run"),
    "method empty": (lambda r: r.experiment.update(method=[]), "did not run"),
    "the machine was too busy": (
        lambda r: delay(r, "canary-shop-21", seconds=0.06, every=50),
        "the machine was too busy: the canary “shop”",
    ),
    "no journal": (lambda r: setattr(r, "journal", None), "journal.json is missing"),
}


@pytest.mark.parametrize("name", UNJUDGEABLE)
def test_a_run_that_cannot_be_judged_is_inconclusive_whatever_else_failed(name: str, written: Written) -> None:
    run = Run()
    run.samples["load-22"].add(END - S, 5, 500)
    spoil, why = UNJUDGEABLE[name]
    spoil(run)
    verdict = judge(written(run))
    assert verdict.verdict == INCONCLUSIVE
    assert why in " | ".join(reason.sentence for reason in verdict.reasons)
    assert all(reason.verdict == INCONCLUSIVE for reason in verdict.reasons)
