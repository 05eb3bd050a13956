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

from probes.errors import ConfigurationError, StehaufError
from probes.run.about import RunAbout
from probes.run.observation import Observation
from probes.run.own_orders import placed
from probes.run.proof import UntilUnmet
from probes.run.redact import Redactor
from probes.run.session import Session
from probes.run.signals import SignalNote
from probes.run.telling import tell
from probes.settings import Settings
from reports.evidence.jsonl import plain
from reports.render.branding import Branding, BrandingError, read_branding
from reports.verdict import write as write_verdict
from reports.words import UnknownLanguage, speaking

__all__ = ["Conductor"]

logger = logging.getLogger("chaostoolkit")


class Conductor:
    """One run of one experiment."""

    def __init__(self, experiment: Mapping[str, Any]) -> None:
        self.signals = SignalNote()
        self.rolling_back = False
        self._session: Session | None = None
        self.declared_twice = False
        self._was_asked = False
        self._stopped: str | None = None
        self._finished = False
        self._until_unmet = UntilUnmet(None, experiment)
        self._redact = Redactor()
        self._lang, self._branding = "en", Branding()

    @property
    def is_finished(self) -> bool:
        """Whether the run is over: the next one has a conductor of its own."""
        return self._finished

    @property
    def has_begun(self) -> bool:
        """Whether the target was taken and recording started."""
        return self._session is not None and self._session.is_recording

    def begin(
        self,
        experiment: Mapping[str, Any],
        configuration: Mapping[str, Any],
        secrets: Mapping[str, Any] | None,
        arguments: Mapping[str, Any],
    ) -> None:
        """Take the target. Raises StehaufError; what had been started is then taken down by `finish`."""
        self._was_asked = True
        if self._session or self.declared_twice:
            raise ConfigurationError(
                "probes.control is declared more than once (in the experiment, in its settings or by --control-file): "
                "nothing was started; leave one of them"
            )
        self._redact = Redactor.of(experiment, configuration, secrets)
        observation = Observation.from_arguments(arguments)
        settings = Settings.from_environment().on(observation.project)
        self._lang, self._branding = _look(settings)
        self._until_unmet = UntilUnmet(settings.until_unmet, experiment)
        about = RunAbout(experiment, configuration, _source(), observation.expected())
        self._session = Session(settings, about, observation, self._redact)
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
            self._session.enough_s = self._until_unmet.enough_s(activity)
            pause = (activity.get("pauses") or {}).get("before")
            line = {"at_ns": time.time_ns(), "activity": activity.get("name"), "type": activity.get("type"),
                    "pause_s": pause if isinstance(pause, int | float) else 0}  # fmt: skip
            self._session.recorder.append("activities.jsonl", line)

    def after_activity(
        self, activity: Mapping[str, Any], run: Mapping[str, Any] | None, configuration: Mapping[str, Any]
    ) -> None:
        """Record the outcome of a tolerance that runs code, which nobody can judge again later; and a placed order.

        Raises as `check` does, and InterruptExecution where a run for proof has shown what it was to show.
        """
        tolerance = activity.get("tolerance")
        runs_code = isinstance(tolerance, dict) and tolerance.get("type") == "probe"
        if self._session and self.has_begun and runs_code and run and run.get("status") == "succeeded":
            check = {
                "at_ns": time.time_ns(),
                "activity": activity.get("name"),
                "start": run.get("start"),
                "tolerance": tolerance,
                "value": run["output"],
                "met": _met(tolerance, run["output"], configuration),
            }
            self._session.recorder.append("checks.jsonl", check)
        if self._session and self._session.orders and (order := placed(activity, run)):
            self._session.recorder.append("orders.jsonl", order)
        self.check()
        ended = self._until_unmet.ended_by(
            activity, run, lambda tolerance, value: _met(tolerance, value, configuration)
        )
        if ended and not self.rolling_back:
            self._stopped = ended
            if self._session:
                self._session.has_shown = True
            raise InterruptExecution(ended)  # so the run is INCONCLUSIVE, and never a PASS

    def finish(self, journal: dict[str, Any]) -> None:
        """Wind up, judge, and put the verdict where `chaos run` takes its exit code from.

        What is raised here would be swallowed, and leave an exit code of 0: so the journal says `aborted` from
        the first line on, and only a verdict gives its status back.
        """
        status, journal["status"] = journal["status"], "aborted"
        self._finished = True
        self.signals.hold()
        try:
            _make_plain(journal)
            journal.update(self._redact(journal))  # Chaos Toolkit writes it too, to --journal-path
            verdict = self._wind_up({**journal, "status": status})
        except Exception as error:
            logger.debug("winding up", exc_info=True)
            logger.error("The run could not be judged: %s: %s", type(error).__name__, error)  # noqa: TRY400
            verdict = None
        finally:
            self._leave()
            self.signals.release()
        if self.signals.seen:
            journal["status"] = "interrupted"
        elif verdict in ("PASS", "FAIL") or status in ("interrupted", "failed"):
            journal["status"] = status
        journal["deviated"] = verdict == "FAIL" or bool(journal["deviated"])

    def _wind_up(self, journal: Mapping[str, Any]) -> str | None:
        session = self._session
        if not self._was_asked:
            logger.error(
                "The run was not recorded: declare probes.control once, at the top level of the experiment, "
                "without a scope (experiments/kill-product.yaml shows how)"
            )
        if session is None or not session.is_recording:
            return None  # refused, and said why: nothing was begun, so there is nothing to judge
        session.finish(journal, lambda: self._interruption(journal))
        if session.recorder.broken:
            logger.error("Verdict: INCONCLUSIVE. %s", session.recorder.broken)
            return None
        verdict = write_verdict(session.directory, self._lang, self._branding)
        _point_latest(session.directory)
        tell(verdict, session.directory, self._lang)
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
        except Exception as error:
            logger.debug("leaving the target", exc_info=True)
            logger.error("Leaving the target: %s", error)  # noqa: TRY400 - a sentence, not a traceback


def _look(settings: Settings) -> tuple[str, Branding]:
    """The report's language and branding; asked for before anything is broken, so that a typo costs no run."""
    try:
        with speaking(settings.lang):
            return settings.lang, read_branding(settings.branding) if settings.branding else Branding()
    except (UnknownLanguage, BrandingError) as error:
        raise ConfigurationError(
            f"{error}. Set STEHAUF_LANG and STEHAUF_BRANDING right, or leave them unset"
        ) from error


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
        run["output"] = plain(run.get("output"))


def _point_latest(directory: Path) -> None:
    """Let `latest` point at this run; the old link is replaced in one step."""
    partial = directory.parent / f".latest-{directory.name}"
    try:
        partial.symlink_to(directory.name)
        partial.replace(directory.parent / "latest")
    except OSError as error:
        partial.unlink(missing_ok=True)
        logger.warning("%s could not be made to point at this run: %s", directory.parent / "latest", error.strerror)
