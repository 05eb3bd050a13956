"""One page over many runs: which experiment came out how, with the figures that the runs have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.evidence.reader import Evidence
from reports.proof import CAUGHT, MISSED, OTHER, UNKNOWN, UNTRIED, Matrix
from reports.render.branding import Branding
from reports.render.look import page
from reports.render.names import names
from reports.render.tables import figure
from reports.verdict.journal import mapping
from reports.verdict.model import Outcome, Verdict, merged
from reports.words import Language, language, say, speaking

__all__ = ["Member", "render_suite"]

FIGURES = ("failed_requests", "degraded_answers", "latency_p95_ms", "availability", "lost_orders")


@dataclass(frozen=True, slots=True)
class Member:
    """One run of the suite."""

    evidence: Evidence
    verdict: Verdict


def render_suite(
    members: Sequence[Member],
    lang: str | Language = "en",
    branding: Branding | None = None,
    matrix: Matrix | None = None,
) -> str:
    """The page; with the matrix of what the suite notices, where that was proved. Raises UnknownLanguage."""
    known = {text: told for member in members for text, told in names(member.evidence, lang).items()}
    with speaking(lang, known):
        rows = [_row(member) for member in members]
        verdict = merged([member.verdict.verdict for member in members]) if members else Outcome.INCONCLUSIVE
        return page(
            "suite.html.j2",
            branding or Branding(),
            verdict=verdict,
            passed=sum(member.verdict.verdict == Outcome.PASS for member in members),
            rows=rows,
            proof=_proof(matrix) if matrix else None,
            begin_ns=min((row["started_ns"] for row in rows if isinstance(row["started_ns"], int)), default=None),
        )


def _proof(matrix: Matrix) -> dict[str, Any]:
    """The matrix as rows, one a mechanism; the outcomes in words."""
    told = {
        CAUGHT: say("noticed"),
        MISSED: say("not noticed"),
        OTHER: say("for another reason"),
        UNKNOWN: say("unknown"),
        UNTRIED: say("not tried"),
    }
    marks = {CAUGHT: Outcome.PASS, MISSED: Outcome.FAIL, OTHER: Outcome.FAIL}
    rows = []
    for name, title in matrix.mechanisms.items():
        cells = [matrix.cell(name, one) for one in matrix.experiments]
        rows.append(
            {
                "title": title.get(language().code) or title.get("en") or name,
                "hole": name in matrix.holes,
                "cells": [
                    cell and (marks.get(cell.outcome, Outcome.INCONCLUSIVE), told.get(cell.outcome), cell.claim)
                    for cell in cells
                ],
            }
        )
    return {
        "experiments": matrix.experiments,
        "rows": rows,
        "proved": matrix.is_proved,
        "interrupted": matrix.interrupted,
        "intact": matrix.intact or {},
    }


def _row(member: Member) -> dict[str, Any]:
    evidence, verdict = member.evidence, member.verdict
    run = evidence.run
    recoveries = [claim.value for claim in verdict.claims if claim.figure == "recovery_seconds"]
    services = {fault.service for fault in evidence.faults}
    seen = recoveries or [figure(evidence, "recovery_seconds", service=service) for service in sorted(services)]
    return {
        "title": evidence.experiment.get("title") or say("A run without a title"),
        "name": mapping(run.get("experiment")).get("name") or evidence.directory.name,
        "run": run.get("run") or evidence.directory.name,
        "target": mapping(run.get("target")).get("name") or "",
        "started_ns": run.get("started_ns"),
        "verdict": verdict.verdict,
        "held": sum(claim.verdict == Outcome.PASS for claim in verdict.claims),
        "claims": verdict.claims,
        "reasons": verdict.reasons,
        "recovery": None if not seen or None in seen else max(seen),
        "figures": {name: figure(evidence, name) for name in FIGURES},
    }
