"""Leads a run through the hooks of Chaos Toolkit: begin, look on, finish, judge, set the exit code."""

import logging
import time
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import click
from chaoslib.exceptions import InterruptExecution
from chaoslib.hypothesis import within_tolerance

from probes.errors import StehaufError
from probes.run.about import RunAbout
from probes.run.observation import Observation
from probes.run.session import Session
from probes.run.signals import SignalNote
from probes.run.telling import tell
from probes.settings import Settings
from reports.evidence.jsonl import plain
from reports.verdict import write as write_verdict

__all__ = ["Conductor"]

logger = logging.getLogger("chaostoolkit")


class Conductor:
    """One run of one experiment."""

    def __init__(self, experiment: Mapping[str, Any]) -> None:
        self.signals = SignalNote()
        self.rolling_back = False
        self._experiment = experiment
        self._session: Session | None = None
        self._stopped: str | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the target was taken and recording started."""
        return self._session is not None and self._session.is_recording

    def begin(
        self, experiment: Mapping[str, Any], configuration: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> None:
        """Take the target. Raises StehaufError; what had been started is then taken down by `finish`."""
        observation = Observation.from_arguments(arguments)
        settings = Settings.from_environment()
        about = RunAbout(experiment, configuration, _source(), observation.expected())
        self._session = Session(settings, about, observation)
        try:
            self._session.begin(experiment, configuration)
        except StehaufError as error:
            self._stopped = str(error)
            raise

    def check(self) -> None:
        """Raise InterruptExecution after a signal, StehaufError when the evidence is broken.

        Not during rollbacks: those are wanted then all the more.
        """
        if self.rolling_back:
            return
        if self.signals.seen:
            raise InterruptExecution(f"{self.signals.seen} received")
        if self._session and self.has_begun:
            try:
                self._session.check()
            except StehaufError as error:
                self._stopped = str(error)
                raise

    def before_activity(self, activity: Mapping[str, Any]) -> None:
        """Check, and record what is about to be done. Raises as `check` does."""
        self.check()
        if self._session and self.has_begun:
            pause = (activity.get("pauses") or {}).get("before")
            line = {"at_ns": time.time_ns(), "activity": activity.get("name"), "type": activity.get("type"),
                    "pause_s": pause if isinstance(pause, int | float) else 0}  # fmt: skip
            self._session.recorder.append("activities.jsonl", line)

    def after_activity(
        self, activity: Mapping[str, Any], run: Mapping[str, Any] | None, configuration: Mapping[str, Any]
    ) -> None:
        """Record the outcome of a method probe's tolerance that runs code: nobody can judge that again later."""
        in_method = activity in (self._experiment.get("method") or [])
        tolerance = activity.get("tolerance")
        runs_code = isinstance(tolerance, dict) and tolerance.get("type") == "probe"
        if self._session and self.has_begun and in_method and runs_code and run and run.get("status") == "succeeded":
            check = {
                "at_ns": time.time_ns(),
                "activity": activity.get("name"),
                "phase": "method",
                "tolerance": tolerance,
                "value": run["output"],
                "met": _met(tolerance, run["output"], configuration),
            }
            self._session.recorder.append("checks.jsonl", check)
        self.check()

    def finish(self, journal: dict[str, Any]) -> None:
        """Wind up, judge, and put the verdict where `chaos run` takes its exit code from."""
        _make_plain(journal)
        with self.signals.held():
            try:
                verdict = self._wind_up(journal)
            except Exception as error:
                logger.debug("winding up", exc_info=True)
                logger.error("The run could not be judged: %s: %s", type(error).__name__, error)  # noqa: TRY400
                verdict = None
            finally:
                self._leave()
        if verdict == "FAIL":
            journal["deviated"] = True
        elif verdict != "PASS" and journal["status"] not in ("interrupted", "failed"):
            journal["status"] = "aborted"

    def _wind_up(self, journal: Mapping[str, Any]) -> str | None:
        session = self._session
        if session is None or not session.is_recording:
            return None  # refused: nothing was begun, so there is nothing to judge
        session.finish(journal, self._interruption(journal))
        if session.recorder.broken:
            logger.error("Verdict: INCONCLUSIVE. %s", session.recorder.broken)
            return None
        verdict = write_verdict(session.directory)
        _point_latest(session.directory)
        tell(verdict, session.directory)
        return str(verdict.verdict)

    def _interruption(self, journal: Mapping[str, Any]) -> str | None:
        if self.signals.seen or self._stopped:
            return self.signals.seen or self._stopped
        return "the run was interrupted" if journal.get("status") == "interrupted" else None

    def _leave(self) -> None:
        if self._session is None:
            return
        try:
            self._session.close()
        except StehaufError as error:
            logger.error("Leaving the target: %s", error)  # noqa: TRY400 - a sentence, not a traceback


def _source() -> str | None:
    """The SOURCE that `chaos run` was given; None where it was not started by it."""
    context = click.get_current_context(silent=True)
    source = context.params.get("source") if context else None
    return str(source) if source else None


def _met(tolerance: Any, value: Any, configuration: Mapping[str, Any]) -> bool | None:
    try:
        return bool(within_tolerance(deepcopy(tolerance), value, dict(configuration), {}))
    except Exception:
        logger.debug("a tolerance raised", exc_info=True)
        return None


def _make_plain(journal: Mapping[str, Any]) -> None:
    """Turn outputs that JSON cannot hold into text: they would truncate the journal that `chaos run` writes."""
    states = journal["steady_states"]
    hypotheses = [state for state in (states["before"], states["after"], *states["during"]) if state]
    for run in [*journal["run"], *journal["rollbacks"], *(probe for state in hypotheses for probe in state["probes"])]:
        run["output"] = plain(run["output"])


def _point_latest(directory: Path) -> None:
    """Let `latest` point at this run; the old link is replaced in one step."""
    partial = directory.parent / f".latest-{directory.name}"
    partial.symlink_to(directory.name)
    partial.replace(directory.parent / "latest")
