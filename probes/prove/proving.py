"""Runs the matrix: first each experiment on the intact stack, then each mechanism with the experiments that name it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from probes.errors import ConfigurationError, StehaufError
from probes.gate.outcome import outcome_of
from probes.gate.process import Ended, chaos_run
from probes.gate.stack import SuiteStack
from probes.prove.controls import Mechanism, Subject
from probes.run.opening import open_target
from probes.settings import Settings
from reports.evidence.reader import Evidence
from reports.proof import UNKNOWN, UNTRIED, Cell, Matrix, judged

__all__ = ["Proof"]

AGAIN = 2
"""So often what proved nothing is run once more: on a shared machine one run in four was seen to be too disturbed, and
then two in a row spoil most proofs of twenty runs."""
Made = TypeVar("Made")


@dataclass
class Proof:
    """A matrix on its way. `say` gets a sentence for each thing that happens."""

    settings: Settings
    subjects: Sequence[Subject]
    mechanisms: dict[str, Mechanism]
    say: Callable[[str], None]
    every: bool = False
    """Every mechanism with every experiment, named or not."""
    intact: dict[str, str] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    interrupted: bool = False
    """By Ctrl-C or SIGTERM; said by whoever caught it."""

    def __post_init__(self) -> None:
        # evidence of stacks that lack something is kept apart: `latest` and the list of runs are not about it
        runs = self.settings.runs / "proof"
        self.settings = replace(self.settings, runs=runs, environment=self._environment(STEHAUF_RUNS=str(runs)))

    @property
    def matrix(self) -> Matrix:
        """As far as it is; cells whose turn has not come are `not tried`."""
        titles = {name: mechanism.title for name, mechanism in self.mechanisms.items()}
        cells = (*self.cells, *self._untried())
        return Matrix(titles, cells, self.settings.target or "", dict(self.intact), self.interrupted)

    def refuse_a_stack_that_is_up(self) -> None:
        """A stack that somebody else brought up is whole, and stays so. Raises ConfigurationError."""
        target, _ = open_target(self.settings)
        if target.is_up():
            raise ConfigurationError(
                f"The project {target.project} is up on target {target.name}, and proving takes mechanisms away from a "
                "stack of its own: take it down first (chaos stack down), or set STEHAUF_PROJECT to another name"
            )

    def run(self) -> Matrix:
        """All of it. Raises KeyboardInterrupt once what was begun is undone."""
        with self._stack(self.settings) as stack:
            for subject in self._subjects_of(None):
                self._on_intact(stack, subject)
        for mechanism in self.mechanisms.values():
            self.without(mechanism)
        return self.matrix

    def without(self, mechanism: Mechanism) -> list[Cell]:
        """The cells of one mechanism. Raises KeyboardInterrupt as `run` does."""
        overlays = (*self.settings.overlays, mechanism.overlay)
        told = self._environment(STEHAUF_OVERLAYS=":".join(map(str, overlays)))
        changed = replace(self.settings, overlays=overlays, environment=told)
        cells = []
        with self._stack(changed) as stack:
            for subject in self._subjects_of(mechanism):
                self.say(f"without {mechanism.name}: {subject.name}")
                cell = self._once_known(
                    partial(self._cell, stack, changed, mechanism, subject),
                    lambda cell: cell.outcome != UNKNOWN,
                    lambda cell: f"{cell.outcome:8} {cell.mechanism} x {cell.experiment}: {cell.sentence}",
                )
                cells.append(cell)
                self.cells.append(cell)
        return cells

    def _on_intact(self, stack: SuiteStack, subject: Subject) -> None:
        self.say(f"intact: {subject.name}")
        self.intact[subject.name] = self._once_known(
            partial(self._verdict, stack, subject),
            lambda verdict: verdict != "INCONCLUSIVE",
            lambda verdict: f"{verdict:8} intact x {subject.name}",
        )

    def _once_known(
        self, run: Callable[[], Made], is_known: Callable[[Made], bool], told: Callable[[Made], str]
    ) -> Made:
        """What the run came to; run again where that is not known. What was seen is never asked twice."""
        made = run()
        for _ in range(AGAIN):
            if is_known(made):
                break
            self.say(f"{told(made)}; once more")
            made = run()
        self.say(told(made))
        return made

    def _verdict(self, stack: SuiteStack, subject: Subject) -> str:
        try:
            stack.require(self.say)
        except StehaufError as error:
            self.say(str(error))
            return "NONE"
        ended = chaos_run(subject.path, self.settings.runs, self.settings.environment)
        _raise_if_interrupted(ended)
        return outcome_of(ended).verdict

    def _cell(self, stack: SuiteStack, settings: Settings, mechanism: Mechanism, subject: Subject) -> Cell:
        expected = subject.controls.get(mechanism.name, ())
        until = {"STEHAUF_UNTIL_UNMET": expected[0]} if len(expected) == 1 else {}
        unknown = Cell(mechanism.name, subject.name, UNKNOWN, "", " / ".join(expected), "")
        try:
            stack.renew()  # what the cell before broke is not handed on
            stack.require(self.say)
            ended = chaos_run(subject.path, settings.runs, {**settings.environment, **until})
        except StehaufError as error:
            return replace(unknown, sentence=str(error))
        _raise_if_interrupted(ended)
        if ended.directory is None:
            return replace(unknown, sentence=ended.last_words())
        return judged(mechanism.name, subject.name, Evidence(ended.directory), expected)

    def _subjects_of(self, mechanism: Mechanism | None) -> list[Subject]:
        """Those that name it; without a mechanism, those that name any that is asked for."""
        if self.every:
            return list(self.subjects)
        wanted = {mechanism.name} if mechanism else set(self.mechanisms)
        return [subject for subject in self.subjects if wanted & subject.controls.keys()]

    def _untried(self) -> Iterator[Cell]:
        tried = {(cell.mechanism, cell.experiment) for cell in self.cells}
        for name, mechanism in self.mechanisms.items():
            for subject in self._subjects_of(mechanism):
                if (name, subject.name) not in tried:
                    claims = " / ".join(subject.controls.get(name, ()))
                    yield Cell(name, subject.name, UNTRIED, "", claims, "the proof ended before its turn came")

    @contextmanager
    def _stack(self, settings: Settings) -> Iterator[SuiteStack]:
        stack = SuiteStack(settings)
        try:
            yield stack
        finally:
            stack.release()

    def _environment(self, **more: str) -> dict[str, str]:
        return {**self.settings.environment, **more}


def _raise_if_interrupted(ended: Ended) -> None:
    if ended.interrupted:
        raise KeyboardInterrupt
