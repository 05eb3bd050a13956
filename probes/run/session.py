"""One run: begins on the target, lets the experiment act, and ends with a verdict.

The control owns it; actions, probes and figures reach it through `current()`.
"""

import logging
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from probes.errors import ConfigurationError, RecordingFailed, StehaufError
from probes.faults.keeper import Keeper
from probes.faults.possible import confine, refuse_impossible
from probes.faults.watchdog import start_watchdog
from probes.run import preflight
from probes.run.about import RunAbout
from probes.run.annotations import Annotations
from probes.run.breakers import BreakerWatch
from probes.run.calls import CallWatch
from probes.run.ledger import Ledger
from probes.run.leftovers import heal_all
from probes.run.live import LiveView
from probes.run.lock import TargetLock
from probes.run.observation import Observation
from probes.run.observers import Observers
from probes.run.opening import open_target
from probes.run.orders import OrderCollector
from probes.run.recorder import Recorder
from probes.run.redact import Redactor
from probes.run.traces import Receiver
from probes.settings import Settings, bypass_proxies_on_loopback
from probes.targets.api import Target

__all__ = ["Session", "current"]

logger = logging.getLogger("chaostoolkit")

_open: list["Session"] = []


def current() -> "Session":
    """The run that is going on. Raises ConfigurationError outside of one."""
    if not _open:
        raise ConfigurationError(
            "No run is being recorded, so nothing is broken and nothing claimed: declare the control "
            "probes.control in the experiment's 'controls' (experiments/kill-product.yaml shows how)"
        )
    return _open[-1]


class Session:
    """The target, the recorder and the load of one run."""

    target: Target
    recorder: Recorder
    ledger: Ledger
    keeper: Keeper

    def __init__(self, settings: Settings, about: RunAbout, observation: Observation, redact: Redactor) -> None:
        self._redact = redact
        self.about = about
        self._settings = settings
        self._observation = observation
        self._live: LiveView | None = None
        self._annotations = Annotations(settings.grafana, about.title)
        self._lock: TargetLock | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._roster: frozenset[tuple[str, str]] = frozenset()
        self._brought_up = False
        self.enough_s: float | None = None
        """Seconds after which what is not back is waited for no longer, in a run for proof."""
        self.has_shown = False
        """Whether a run for proof has shown what it was to show: evidence that takes time is not completed then."""

    @property
    def is_recording(self) -> bool:
        """Whether the run has a directory: from here on it leaves a verdict, whatever happens."""
        return hasattr(self, "recorder")

    @property
    def directory(self) -> Path:
        """The run's own folder."""
        return self.recorder.directory

    def begin(self, experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
        """Take the target and bring it to where the experiment can begin: up, well, recorded and under load.

        Raises StehaufError (nothing was touched, or all that was is as before), RecordingFailed when recording
        or load did not start.
        """
        bypass_proxies_on_loopback()
        preflight.check_room(self._settings.runs)
        preflight.check_state(self._settings.state)
        self._take_target()
        try:
            self._prepare_target(experiment, configuration)
            self.recorder = Recorder(self.about.make_directory(self._settings.runs), self.target, self._redact)
        except BaseException:
            self._release_target()
            raise
        self._observers = Observers(self._observation, self.recorder, self.about)
        self.keeper = Keeper(self)
        _open.append(self)
        self.about.write(self.recorder)
        self.recorder.write("experiment.json", experiment)
        self._roster = self.recorder.start()
        refuse_impossible(experiment, self.target)
        self._show()
        if self._observation.traces:
            self._receive_traces()
        self._observers.start(self._settings.environment)
        self._annotations.began()

    @property
    def readers(self) -> list[BreakerWatch | CallWatch]:
        """What reads the breakers, and what the services called."""
        return self._observers.readers

    @property
    def orders(self) -> OrderCollector | None:
        """What asks which orders were fulfilled; None: the experiment does not say where."""
        return self._observers.orders

    def check(self) -> None:
        """Raise RecordingFailed as soon as the evidence cannot be complete any more."""
        self._observers.check()

    def finish(self, journal: Mapping[str, Any], interrupted: Callable[[], str | None]) -> None:
        """Stop the load, undo what is left, complete the evidence. Each step is done whatever became of the others."""
        self._annotations.ended()
        with self._step("stopping the load"):
            self._observers.stop_load()
        if not self.has_shown:
            with self._step("asking which orders were fulfilled"):
                self._observers.finish_orders()
        with self._step("undoing what is left"):
            self.keeper.settle_all("the end of the run")
        self.keeper.stop()
        with self._step("comparing the target with its beginning"):
            self._write_heal()
        with self._step("stopping the recorder"):
            self._observers.stop()
            self.recorder.stop()
        with self._step("ending the receiver of traces"):
            self._observers.stop_receiving()
        self.recorder.write("journal.json", journal)
        self.about.end(interrupted())
        self.about.write(self.recorder)
        self.recorder.sweep()

    def close(self) -> None:
        """Leave the target as it was found, and give it free."""
        if self in _open:
            _open.remove(self)
        if self._live:
            self._live.stop()
        self._release_target()

    def ailments(self) -> list[str]:
        """A sentence for each instance that is not well now, or is gone since the beginning."""
        there = {(i.service, i.id) for service in self.target.services() for i in self.target.instances(service)}
        gone = [f"the instance {id_[:12]} of {service} is gone" for service, id_ in sorted(self._roster - there)]
        return [*preflight.ailments(self.target), *gone]

    def guard(self) -> None:
        """Have a watchdog, which undoes what lasts should this process be killed. Raises TargetError."""
        if self._watchdog is None:
            self._watchdog = start_watchdog(self._settings, self.target)

    def _take_target(self) -> None:
        settings = self._settings
        self.target, why = open_target(settings, die_with_parent=True, traces=self._observation.traces)
        overlays = [overlay.name for overlay in settings.overlays]
        self.about.on_target(self.target.name, self.target.project, why, overlays)
        logger.info("Target: %s (%s)", self.target.name, why)
        self.ledger = Ledger(settings.state, self.target.name, self.target.project)
        self._lock = TargetLock(settings.state, self.target.name, self.target.project)
        self._lock.acquire(self.about.name)

    def _prepare_target(self, experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
        preflight.require_up(self.target, self.target.project)
        preflight.check_services(experiment, self.target, configuration)
        preflight.check_load(self._observation.load, self.target.name)
        for sentence in heal_all(self.target, self.ledger):
            logger.warning("Healed what an earlier run left behind: %s", sentence)
        if not self.target.is_up():
            confine(self.target, [experiment])
            self._bring_up()
        preflight.refuse_degraded(self.target)

    def _bring_up(self) -> None:
        logger.info("Stack: not up, bringing it up; it is taken down again after the run")
        self._brought_up = True  # before it is: a signal may strike in between
        try:
            self.target.up(lambda line: logger.info("Stack: %s", line))
        except StehaufError:
            self._brought_up = False  # it took down what it had begun
            raise

    def _show(self) -> None:
        settings = self._settings
        if self._observation.live if settings.live is None else settings.live:
            log = settings.state / "live.log"
            self._live = LiveView(self.directory, log, settings.live_port, settings.lang, settings.branding)
            self._live.start()

    def _receive_traces(self) -> None:
        if not self._brought_up and not self._settings.names_collector:
            logger.warning(
                "Traces: the stack was up already, and nobody said where it sends its traces: there may be none "
                "in the report (bring it up with OTEL_EXPORTER_OTLP_ENDPOINT set, or leave that to this run)"
            )
        port = self._settings.otlp_port
        self._observers.receive(Receiver(self.target, self.target.project, port, self.directory))

    def _write_heal(self, within: float = 30.0) -> None:
        deadline = time.monotonic() + within
        while (found := self.ailments()) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.recorder.write("heal.json", {"healed": not found, "differences": found})

    @contextmanager
    def _step(self, doing: str) -> Iterator[None]:
        try:
            yield
        except RecordingFailed as error:
            logger.error("%s: %s", doing, error)  # noqa: TRY400 - a sentence, not a traceback
        except StehaufError as error:
            self.recorder.problem(doing, str(error))
        except Exception as error:
            logger.debug("%s", doing, exc_info=True)
            self.recorder.problem(doing, f"{type(error).__name__}: {error}")

    def _release_target(self) -> None:
        try:
            if self._brought_up:
                logger.info("Stack: taking down what this run brought up")
                self.target.down()
                self._brought_up = False
        finally:
            if self._lock:
                self._lock.release()
