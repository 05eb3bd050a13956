"""The control that makes an experiment a recorded, judged and reported run.

Declare it in an experiment's ``controls``; it alone is enough::

    controls:
      - name: stehauf
        provider: {type: python, module: probes.control}

Its arguments say what to observe beside the target's own events; each is optional:

========  ===========================================================================================
project   the Compose project that the experiment is for, where STEHAUF_PROJECT names none
load      Locust users: {host: URL, file: loadtest/shop.py, rate: 50} (or shape, or users; and processes)
canaries  URLs asked on a fixed schedule: [{name: shop, url: URL, timeout: 1.0, keep: true}]; the first
          is what users see; one named like a service shows when that service itself answers again
rate      requests a second of each canary (50)
breakers  URL, or a list of them, that lists circuit breakers and their transitions
calls     URL, or a list of them, that lists what a service called, whatever its breakers say
orders    URL that lists the orders that were fulfilled
live      true: show the run live on 127.0.0.1 (so does STEHAUF_LIVE=1); never where CI is set
traces    true: receive the services' spans, for the traces in the report; what this run brings up itself
          is told where to send them
========  ===========================================================================================

Chaos Toolkit takes its exit code from the journal, so the verdict is written there last, by an event handler:
only PASS leaves it at 0. Exceptions of controls are swallowed (chaoslib.control.apply_controls), except
InterruptExecution: everything that must stop a run is raised as that.
"""

import logging
from collections.abc import Mapping
from typing import Any

from chaoslib.exceptions import InterruptExecution
from chaoslib.run import EventHandlerRegistry, RunEventHandler

from probes.errors import StehaufError
from probes.run.conduct import Conductor

__all__ = [
    "after_activity_control",
    "after_experiment_control",
    "before_activity_control",
    "before_experiment_control",
    "before_rollback_control",
    "configure_control",
]

logger = logging.getLogger("chaostoolkit")

_conductor: Conductor | None = None


class _Finish(RunEventHandler):
    """Called last of all, after an interruption too; the only place from which the exit code can be set."""

    def interrupted(self, experiment: Mapping[str, Any], journal: dict[str, Any]) -> None:  # noqa: ARG002
        _the_conductor().signals.taken()

    def signal_exit(self) -> None:
        _the_conductor().signals.taken()

    def rollbacks_completed(self, experiment: Mapping[str, Any], journal: dict[str, Any]) -> None:  # noqa: ARG002
        _the_conductor().signals.hold()

    def finish(self, journal: dict[str, Any]) -> None:
        _the_conductor().finish(journal)


def configure_control(experiment: Mapping[str, Any], event_registry: EventHandlerRegistry, **_arguments: Any) -> None:
    """Register for the end of the run, and note signals from here on.

    It does nothing that can fail: an exception here would remove the control without stopping the run.
    """
    global _conductor  # noqa: PLW0603 - chaoslib calls functions of a module: the state has nowhere else to be
    if _conductor is not None and not _conductor.is_finished:
        _conductor.declared_twice = True
        return
    _conductor = Conductor(experiment)
    _conductor.signals.install()
    event_registry.register(_Finish())


def before_experiment_control(
    context: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> None:
    """Bring the target to where the experiment can begin; interrupts the run where that fails."""
    conductor = _the_conductor()
    with _interrupting():
        conductor.begin(context, configuration, secrets, arguments)


def before_activity_control(context: Mapping[str, Any], **_arguments: Any) -> None:
    """Nothing but rollbacks is done any more once a signal came or the evidence broke."""
    with _interrupting():
        _the_conductor().before_activity(context)


def after_activity_control(
    context: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    configuration: Mapping[str, Any],
    **_arguments: Any,
) -> None:
    """Keep what a tolerance that runs code made of a method probe; stop the run when it cannot be proved any more."""
    with _interrupting():
        _the_conductor().after_activity(context, state, configuration)


def before_rollback_control(context: Mapping[str, Any], **_arguments: Any) -> None:  # noqa: ARG001 - chaoslib's hook
    """Keep rollbacks from touching a target on which the run never began; else let all of them run."""
    if not _the_conductor().has_begun:
        raise InterruptExecution("The run did not begin, so there is nothing to roll back")
    _the_conductor().rolling_back = True


def after_experiment_control(context: Mapping[str, Any], **_arguments: Any) -> None:  # noqa: ARG001 - chaoslib's hook
    """From here on a signal would strike code of Chaos Toolkit that loses it, and the journal with it."""
    _the_conductor().signals.hold()


def _the_conductor() -> Conductor:
    if _conductor is None:
        raise InterruptExecution("probes.control was not configured: is it declared in the experiment's 'controls'?")
    return _conductor


class _interrupting:  # noqa: N801 - reads as the statement that it is
    """Turns our errors into the one exception that Chaos Toolkit lets a control stop a run with."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StehaufError):
            raise InterruptExecution(str(error)) from error
        if isinstance(error, Exception) and not isinstance(error, InterruptExecution):
            logger.debug("probes.control failed", exc_info=error)
            raise InterruptExecution(
                f"Recording failed unexpectedly ({type(error).__name__}: {error}); run again with "
                "'chaos --verbose run' and look into chaostoolkit.log"
            ) from error
