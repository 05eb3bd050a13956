"""Evidence that is missing is INCONCLUSIVE."""

import pytest
from evidence_parts import ASKED, END, MS, S, action, entry
from evidence_spoils import INCONCLUSIVE, Spoils, Written, check, declare

SPOILS: Spoils = {
    "no fault": (lambda r: setattr(r, "faults", []), INCONCLUSIVE, "no fault was recorded"),
    "fault failed": (
        lambda r: r.faults.append(r.fault("failed", ASKED + 9 * MS, "permission denied")),
        INCONCLUSIVE,
        "could not be injected: permission denied",
    ),
    "fault never injected": (lambda r: r.faults.pop(), INCONCLUSIVE, "never reported as injected"),
    "fault without a receipt rule": (
        lambda r: [line.update(fault="moonquake") for line in r.faults],
        INCONCLUSIVE,
        "no rule that could prove",
    ),
    "two crashes, one record": (
        lambda r: declare(r, entry(action("crash", "again", service="product"))),
        INCONCLUSIVE,
        "2 action(s) “crash” ran, 1 left a record",
    ),
    "an action of somebody else": (
        lambda r: declare(r, entry(action("terminate", "zap", module="chaosother.actions"))),
        INCONCLUSIVE,
        "leaves no receipt",
    ),
    "an action by process": (
        lambda r: declare(r, entry({"type": "action", "name": "sh", "provider": {"type": "process", "path": "kill"}})),
        INCONCLUSIVE,
        "leaves no receipt",
    ),
    "a problem while recording": (
        lambda r: r.problems.append({"at_ns": END, "what": "the disk is full", "detail": "events.jsonl"}),
        INCONCLUSIVE,
        "the disk is full (events.jsonl)",
    ),
    "no load samples": (lambda r: r.samples.pop("load-22"), INCONCLUSIVE, "load was configured, and left no samples"),
    "no canary samples": (
        lambda r: r.samples.pop("canary-product-21"),
        INCONCLUSIVE,
        "canary “product” was configured, and left no samples",
    ),
    "canary silent for a while": (
        lambda r: setattr(
            r.samples["canary-shop-21"],
            "rows",
            [row for row in r.samples["canary-shop-21"].rows if not 0 < row[0] - ASKED - 3 * S < 1.2 * S],
        ),
        INCONCLUSIVE,
        "canary “shop” was silent",
    ),
    "canary ended early": (
        lambda r: setattr(
            r.samples["canary-shop-21"],
            "rows",
            [row for row in r.samples["canary-shop-21"].rows if row[0] < ASKED + 6 * S],
        ),
        INCONCLUSIVE,
        "canary “shop” was silent",
    ),
    "canary began after the fault": (
        lambda r: setattr(
            r.samples["canary-product-21"],
            "rows",
            [row for row in r.samples["canary-product-21"].rows if row[0] > ASKED + 2 * S],
        ),
        INCONCLUSIVE,
        "canary “product” was silent",
    ),
    "canary without a rate": (
        lambda r: r.samples["canary-shop-21"].about.pop("rate"),
        INCONCLUSIVE,
        "rate of the canary “shop” is not known",
    ),
    "load ended early": (
        lambda r: setattr(
            r.samples["load-22"], "rows", [row for row in r.samples["load-22"].rows if row[0] < ASKED + 5 * S]
        ),
        INCONCLUSIVE,
        "load was silent",
    ),
    "samples lost": (
        lambda r: r.samples["load-22"].about.update(samples=len(r.samples["load-22"].rows) + 1),
        INCONCLUSIVE,
        "its writer wrote",
    ),
    "contents lost": (
        lambda r: r.samples["canary-shop-21"].texts.pop(),
        INCONCLUSIVE,
        "contents that are not there",
    ),
    "breakers never read": (lambda r: setattr(r, "breakers", []), INCONCLUSIVE, "were configured, and never read"),
    "breaker polls all failed": (
        lambda r: setattr(r, "breakers", [{"seen_ns": 1, "source": "http://127.0.0.1:8080/breakers", "error": "no"}]),
        INCONCLUSIVE,
        "were configured, and never read",
    ),
    "a transition missing": (lambda r: r.breakers.pop(2), INCONCLUSIVE, "transitions 2 to 2 are missing"),
    "no orders": (lambda r: setattr(r, "orders", []), INCONCLUSIVE, "no order was acknowledged"),
    "fulfilments missing": (lambda r: setattr(r, "fulfilments", None), INCONCLUSIVE, "fulfilments.jsonl is missing"),
    "fulfilments not complete": (
        lambda r: r.fulfilments.pop(),  # type: ignore[union-attr]
        INCONCLUSIVE,
        "missing or not complete",
    ),
    "heal unknown": (lambda r: setattr(r, "heal", None), INCONCLUSIVE, "heal.json is missing"),
    "not healed for another reason": (
        lambda r: setattr(r, "heal", {"healed": False, "differences": ["order is paused"]}),
        INCONCLUSIVE,
        "order is paused",
    ),
    "healed, with a difference": (
        lambda r: r.heal.update(differences=["order is unhealthy"]),  # type: ignore[union-attr]
        INCONCLUSIVE,
        "order is unhealthy",
    ),
    "recording cut off": (lambda r: r.run.update(ended_ns=None), INCONCLUSIVE, "no end"),
    "unknown format": (lambda r: r.run.update(format=2), INCONCLUSIVE, "only format 1"),
    "recording not described": (lambda r: r.run.pop("recording"), INCONCLUSIVE, "what was to be recorded"),
    "no run.json": (lambda r: setattr(r, "run", None), INCONCLUSIVE, "run.json is missing"),
    "no system.json": (lambda r: setattr(r, "system", None), INCONCLUSIVE, "system.json is missing"),
    "no times in the journal": (lambda r: r.method[0].pop("end"), INCONCLUSIVE, "does not say when the method ran"),
    "an event that makes no sense": (lambda r: r.events.append({"kind": "die"}), INCONCLUSIVE, "damaged line"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_missing_evidence_is_no_pass(name: str, written: Written) -> None:
    check(SPOILS[name], written)
