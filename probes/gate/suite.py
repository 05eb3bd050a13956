"""The suite: what was selected of the experiments, run on one target: one after another, or side by side."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from probes.errors import ConfigurationError, StehaufError
from probes.evidence.making import suite as write_page
from probes.gate.beside import Beside, Running
from probes.gate.budget import Budget, BudgetItem, read_budget
from probes.gate.outcome import Outcome, merged, outcome_of
from probes.gate.process import chaos_run
from probes.gate.proving import mechanism_items, proof_of, write_proof
from probes.gate.room import place, room
from probes.gate.showing import show
from probes.gate.stack import SuiteStack
from probes.prove.proving import Proof
from probes.run.observation import project_of
from probes.run.opening import open_target
from probes.settings import Settings
from probes.trials.running import APART_S
from reports.evidence.jsonl import plain, write_json

if TYPE_CHECKING:
    from probes.gate.collecting import Experiment

__all__ = ["Suite"]

_OPTIONS = ("target", "lang", "budget", "prove")
_NOT_RUN = Outcome("NONE", ("it did not run: the suite was ended before its turn",))


@dataclass(frozen=True, slots=True)
class Place:
    """Where experiments run, one at a time."""

    settings: Settings
    stack: SuiteStack


class Suite:
    """Runs experiments, keeps their outcomes, and writes `verdicts.json` and `suite.html` at the end."""

    def __init__(
        self, session: pytest.Session, settings: Settings, experiments: "Sequence[Experiment]", budget: Budget
    ) -> None:
        self._session = session
        self._settings = settings
        self._experiments = list(experiments)
        self._budget = budget
        self._trials = _number(session.config, "trials")
        self._places = [Place(settings, SuiteStack(settings, [one.content for one in experiments]))]
        self._running = Running()
        self._said: list[str] = []
        self._outcomes: dict[str, list[Outcome]] = {}
        self._trouble: list[str] = []
        self.proof: Proof | None = None

    @classmethod
    def of(cls, session: pytest.Session, experiments: "Sequence[Experiment]") -> "Suite":
        """The suite that the command line asks for. Raises UsageError, in a sentence."""
        given = {name: getattr(session.config.option, f"stehauf_{name}", None) for name in _OPTIONS}
        if hasattr(session.config, "workerinput"):
            raise pytest.UsageError(
                "Experiments are no work for xdist, whose workers know nothing of each other's stacks: leave out its "
                "-n, and say --stacks N to run experiments side by side"
            )
        for name in ("trials", "stacks"):
            if (number := _number(session.config, name)) < 1:
                raise pytest.UsageError(f"--{name} reads {number}; it takes a number from 1 up")
        try:
            settings = _settings(given["target"], given["lang"]).on(_project(experiments))
            open_target(settings)
            suite = cls(session, settings, experiments, read_budget(given["budget"]))
            suite.make_room(_number(session.config, "stacks"))
            suite.proof = proof_of(settings, experiments, suite.tell) if given["prove"] else None
        except StehaufError as error:
            raise pytest.UsageError(str(error)) from None
        for experiment in experiments:
            experiment.suite = suite
        return suite

    def make_room(self, wanted: int) -> None:
        """Take further stacks, as many as are wanted and there is room for. Raises StehaufError."""
        contents = {one.path.name: one.content for one in self._experiments}
        number, why = room(wanted, contents)
        self._said += [why] if why else []
        for index in range(2, number + 1):
            settings = place(self._settings, index, contents.values())
            self._places.append(Place(settings, SuiteStack(settings, list(contents.values()))))
        self._beside: Beside[Place, list[Outcome]] = Beside(self._places, self._running)

    def more_items(self) -> list[pytest.Item]:
        """A test for each figure that the whole suite must keep, and for each mechanism that is taken away."""
        budget = [BudgetItem.of(self._session, limit, self.directories) for limit in self._budget.limits]
        return [*budget, *(mechanism_items(self._session, self.proof, self.intact) if self.proof else ())]

    def intact(self) -> dict[str, str]:
        """Verdict of each experiment so far; takes the intact stack down, for the others need its ports."""
        self._renew(release=True)
        return {one.path.stem: self._outcome(one).verdict for one in self._experiments}

    def directories(self) -> list[Path]:
        """Evidence of every run so far."""
        found = [outcome.directory for outcomes in self._outcomes.values() for outcome in outcomes]
        return [directory for directory in found if directory is not None]

    def run(self, experiment: "Experiment") -> Outcome:
        """Run an experiment as often as was asked, and give the worst outcome."""
        if len(self._places) == 1:
            outcomes = self._trials_of(experiment, self._places[0])
        else:
            self._begin_all()
            outcomes = self._beside.result(experiment.nodeid) or [_NOT_RUN]
        outcome = merged(outcomes)
        show(experiment, outcome)
        return outcome

    def _begin_all(self) -> None:
        """Once every stack is up: one that comes up beside an experiment takes the processors from under it."""
        if self._beside.has_begun:
            return
        for where in self._places:
            with contextlib.suppress(StehaufError):  # each experiment that gets this place says why
                where.stack.require(self.tell)
        known = {one.nodeid: one for one in self._experiments}
        self._beside.begin(list(known), lambda nodeid, where: self._trials_of(known[nodeid], where))

    def _trials_of(self, experiment: "Experiment", where: Place) -> list[Outcome]:
        outcomes = self._outcomes[experiment.nodeid] = []
        for number in range(self._trials):
            if number:
                time.sleep(APART_S)  # out of the reach of the engine's backoff
            if not self._running.interrupted.is_set():
                self._once(experiment, where, outcomes)
        return outcomes

    def _once(self, experiment: "Experiment", where: Place, outcomes: list[Outcome]) -> None:
        def tell(line: str) -> None:
            self.tell(line if len(self._places) == 1 else f"{experiment.name}: {line}")

        try:
            where.stack.require(tell)
        except StehaufError as error:
            outcomes.append(Outcome("INCONCLUSIVE", (str(error),)))
            return
        settings = where.settings
        ended = chaos_run(experiment.path, settings.runs, settings.environment, tell, self._running.began)
        outcome = outcome_of(ended)
        outcomes.append(outcome)
        if ended.interrupted:
            raise KeyboardInterrupt
        if outcome.verdict != "PASS":
            experiment.add_report_section("setup", "chaos run", ended.output)
            self._renew([where])

    def finish(self) -> None:
        """Take down what the suite brought up, and write what came of it."""
        self._beside.end()
        self._renew(release=True)
        self._settings.runs.mkdir(parents=True, exist_ok=True)
        write_json(self._settings.runs / "verdicts.json", plain(self._told()))
        if directories := self.directories():
            page = self._settings.runs / "suite.html"
            ended = self._session.exitstatus == pytest.ExitCode.INTERRUPTED
            proof = write_proof(self.proof, interrupted=ended) if self.proof else None
            write_page(directories, self._settings.lang, self._settings.branding, page, proof)

    def summary(self) -> list[str]:
        """A line for each experiment, then where to read more."""
        lines = []
        for experiment in self._experiments:
            outcome = self._outcome(experiment)
            where = f"  {outcome.directory / 'report.html'}" if outcome.directory else ""
            lines.append(f"{outcome.verdict:12}  {experiment.name}{where}")
        suite = ["suite.html"] if self.directories() else []
        return [
            *lines,
            *self._said,
            *self._trouble,
            *(str(self._settings.runs / name) for name in [*suite, "verdicts.json"]),
        ]

    def _outcome(self, experiment: "Experiment") -> Outcome:
        return merged(self._outcomes.get(experiment.nodeid) or [_NOT_RUN])

    def _told(self) -> dict[str, Any]:
        experiments = [self._row(experiment) for experiment in self._experiments]
        return {
            "format": 1,
            "target": self._settings.target,
            "stacks": len(self._places),
            "passed": all(row["verdict"] == "PASS" for row in experiments) and self._session.exitstatus == 0,
            "experiments": experiments,
            "trouble": self._trouble,
        }

    def _row(self, experiment: "Experiment") -> dict[str, Any]:
        outcome, runs = self._outcome(experiment), self._outcomes.get(experiment.nodeid) or []
        return {
            "experiment": str(experiment.path),
            "title": experiment.content["title"],
            "verdict": None if outcome.verdict == "NONE" else outcome.verdict,
            "reasons": outcome.sentences,
            "figures": outcome.figures,
            "runs": [{"verdict": run.verdict, "directory": str(run.directory or "")} for run in runs],
        }

    def _renew(self, places: Sequence[Place] = (), *, release: bool = False) -> None:
        for where in places or self._places:
            try:
                (where.stack.release if release else where.stack.renew)()
            except StehaufError as error:
                self._trouble.append(f"The stack could not be taken down: {error}")
                self._session.exitstatus = self._session.exitstatus or pytest.ExitCode.INTERNAL_ERROR

    def tell(self, line: str) -> None:
        """Show what goes on to whoever asked to see it (`-s`)."""
        if self._session.config.option.capture == "no":
            print(line, flush=True)


def _number(config: pytest.Config, name: str) -> int:
    return int(getattr(config.option, f"stehauf_{name}", 1))


def _project(experiments: "Sequence[Experiment]") -> str | None:
    """The Compose project that the experiments are for; None: ours. Raises ConfigurationError where they differ."""
    named = {project_of(experiment.content) for experiment in experiments}
    if len(named) > 1 and not Settings.from_environment().environment.get("STEHAUF_PROJECT"):
        listed = ", ".join(sorted(name or "Stehauf's own stack" for name in named))
        raise ConfigurationError(
            f"These experiments are for different projects ({listed}), and a suite has one: run them one after the "
            "other, or name a project in STEHAUF_PROJECT"
        )
    return next(iter(named), None)


def _settings(target: str | None, lang: str | None) -> Settings:
    """The environment's, with what the command line says instead. Raises ConfigurationError."""
    settings = Settings.from_environment()
    target, lang = target or settings.target, lang or settings.lang
    if target is None:
        raise pytest.UsageError(
            "The gate was not told its target, and it chooses none by itself: say --target docker, --target embedded, "
            "or set STEHAUF_TARGET"
        )
    runs = settings.runs.absolute()
    told = {"STEHAUF_TARGET": target, "STEHAUF_LANG": lang, "STEHAUF_RUNS": str(runs)}
    return replace(settings, target=target, lang=lang, runs=runs, environment={**settings.environment, **told})
