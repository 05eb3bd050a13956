"""The runs of a set of trials, each judged again from its own evidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports.evidence.jsonl import read_json
from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.figures import FIGURES, MissingEvidence
from reports.verdict import Claim, Outcome, Verdict, judge
from reports.verdict.journal import mapping
from reports.verdict.model import merged
from reports.words import N_, say

__all__ = ["FIGURE_NAMES", "Trial", "Trials", "read_trials", "trial_of"]

FIGURE_NAMES = {
    "recovery_seconds": N_("time to recovery"),
    "longest_gap_seconds": N_("longest gap for users"),
    "failed_requests": N_("failed requests"),
    "degraded_answers": N_("degraded answers"),
    "latency_p95_ms": "p95",
}
"""The figures that runs are compared by; of each, larger is worse."""

UPTIME_S = 10.0
"""Docker's restart backoff doubles with each crash, and is forgotten after so many seconds of uptime."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the set."""

    number: int
    run: str
    """Name of its directory; empty where it left no evidence."""
    outcome: Outcome
    began_ns: int | None
    figures: dict[str, float]
    """Those that are known of a run that could be judged."""
    claims: tuple[Claim, ...] = ()
    reason: str = ""
    """Why it is no PASS."""
    backoff: str = ""
    """A sentence where the engine's restart backoff may have reached into the run."""


@dataclass(frozen=True, slots=True)
class Trials:
    """A set of trials: what was planned, and what came of it."""

    title: str
    experiment: str
    sha256: str
    target: str
    machine: dict[str, Any]
    versions: dict[str, Any]
    planned: int
    trials: tuple[Trial, ...]
    interrupted: str | None = None
    first: Path | None = None
    """Directory of the first run whose evidence is there: what the experiment says in other languages."""

    @property
    def passed(self) -> int:
        """Runs that are a PASS."""
        return sum(trial.outcome == Outcome.PASS for trial in self.trials)

    @property
    def outcome(self) -> Outcome:
        """That of the worst run; a set that did not come to its end is no PASS."""
        found = [trial.outcome for trial in self.trials]
        return merged([*found, Outcome.INCONCLUSIVE] if len(found) < self.planned or not found else found)

    def values(self, figure: str) -> tuple[float, ...]:
        """A figure of every run that has it, in the order of the runs."""
        return tuple(trial.figures[figure] for trial in self.trials if figure in trial.figures)


def read_trials(directory: Path) -> Trials:
    """The set whose `trials.json` lies in `directory`. Raises ValueError, in a sentence, where it is none.

    The runs lie beside it, where `chaos run` puts them; one that is gone is INCONCLUSIVE.
    """
    told = read_json(directory / "trials.json")
    if told is None or told.get("format") != 1 or not isinstance(told.get("trials"), list):
        raise ValueError(f"{directory} holds no trials.json of format 1: it is no set of trials")
    lines = [mapping(line) for line in told["trials"]]
    there = [directory.parent / str(line["run"]) for line in lines if line.get("run")]
    first = next((Evidence(path) for path in there if path.is_dir()), None)
    run = first.run if first else {}
    about = mapping(run.get("experiment"))
    return Trials(
        title=str((first.experiment.get("title") if first else None) or told.get("experiment") or ""),
        experiment=str(about.get("name") or told.get("experiment") or ""),
        sha256=str(about.get("sha256") or ""),
        target=str(mapping(run.get("target")).get("name") or ""),
        machine=mapping(run.get("machine")),
        versions=mapping(run.get("versions")),
        planned=int(told.get("planned") or len(lines)),
        trials=tuple(_of_one_kind(directory.parent, lines, first)),
        interrupted=str(told["interrupted"]) if told.get("interrupted") else None,
        first=first.directory if first else None,
    )


def _of_one_kind(runs: Path, lines: list[dict[str, Any]], first: Evidence | None) -> Iterator[Trial]:
    """The trials; a run that is counted twice, or is of something else than the first, says nothing of this set."""
    seen: set[str] = set()
    kind = _kind(first) if first else None
    for number, line in enumerate(lines, 1):
        trial = trial_of(runs, line, number)
        why = ""
        if trial.run and trial.run in seen:
            why = say("the run {run} is in this set already", run=trial.run)
        elif trial.run and (runs / trial.run).is_dir() and _kind(Evidence(runs / trial.run)) != kind:
            why = say("the run {run} is of another experiment or target than the first", run=trial.run)
        seen.add(trial.run)
        yield replace(trial, outcome=Outcome.INCONCLUSIVE, figures={}, reason=why) if why else trial


def _kind(evidence: Evidence) -> tuple[Any, Any]:
    about, target = mapping(evidence.run.get("experiment")), mapping(evidence.run.get("target"))
    return about.get("sha256"), target.get("name")


def trial_of(runs: Path, line: dict[str, Any], number: int) -> Trial:
    """One line of trials.json with the evidence of its run."""
    directory = runs / str(line.get("run") or "")
    if not line.get("run") or not directory.is_dir():
        why = str(line.get("said") or "") or say("its evidence is gone")
        return Trial(number, str(line.get("run") or ""), Outcome.INCONCLUSIVE, line.get("began_ns"), {}, (), why)
    evidence = Evidence(directory)
    verdict = judge(evidence)
    outcome, reason = verdict.verdict, next((one.sentence for one in verdict.reasons), "")
    if outcome == Outcome.PASS and line.get("exit_code") != 0:
        outcome = Outcome.INCONCLUSIVE
        reason = say("its evidence is a PASS, but chaos run ended with {code!r}", code=line.get("exit_code"))
    figures = {} if outcome == Outcome.INCONCLUSIVE else _figures(evidence, verdict)
    return Trial(
        number, directory.name, outcome, evidence.run.get("started_ns"), figures,
        verdict.claims, reason, _backoff(evidence),
    )  # fmt: skip


def _figures(evidence: Evidence, verdict: Verdict) -> dict[str, float]:
    found = {}
    for name in FIGURE_NAMES:
        values = [claim.value for claim in verdict.claims if claim.figure == name]
        if not values:
            values = list(_computed(evidence, name))
        if values and None not in values:
            found[name] = float(max(values))
    return found


def _computed(evidence: Evidence, name: str) -> Iterable[Any]:
    every = [{"service": service} for service in sorted({fault.service for fault in evidence.faults})]
    for arguments in every if name == "recovery_seconds" else [{}]:
        try:
            yield FIGURES[name](evidence, **arguments)
        except MissingEvidence:
            yield None


def _backoff(evidence: Evidence) -> str:
    """Whether what crashed had crashed before, and had not been up long enough since."""
    for fault in evidence.faults:
        up = _uptime_s(evidence, fault)
        if up is not None and up < UPTIME_S:
            told = N_("{service} had crashed before and been up for {up:.1f} s: the engine's restart backoff counts in")
            return say(told, service=fault.service, up=up)
    return ""


def _uptime_s(evidence: Evidence, fault: Fault) -> float | None:
    target = mapping(evidence.run.get("target")).get("name")
    shots = [one for one in evidence.snapshots if one.instance == fault.instance and one.when == "before-fault"]
    shots = [one for one in shots if fault.asked_ns is not None and one.at_ns <= fault.asked_ns]
    if target == "embedded" or not shots or not shots[-1].restart_count or shots[-1].started_ns is None:
        return None
    return (shots[-1].at_ns - shots[-1].started_ns) / 1e9
