"""The stack under the suite: brought up once and taken down at the end, or taken as it was found."""

import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from probes.errors import StehaufError
from probes.run.lock import TargetLock
from probes.run.opening import open_target
from probes.run.preflight import require_up
from probes.settings import Settings, bypass_proxies_on_loopback
from probes.targets.api import Target

__all__ = ["SuiteStack"]

_ONE_AT_A_TIME = Lock()
"""Stacks side by side come up one after another: what hides a client's warnings is of the whole process."""


class SuiteStack:
    """The target that the gate was told; whatever fails with it fails each experiment with the same sentence."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._brought_up = False
        self._failed: StehaufError | None = None
        self._target: Target | None = None

    def require(self, progress: Callable[[str], None]) -> None:
        """Have it up. Raises StehaufError, the same one each time."""
        if self._failed is not None:
            raise self._failed
        try:
            with _held(self._settings) as target:
                self._target = target
                require_up(target, target.project)
                if not target.is_up():
                    self._brought_up = True  # before it is: a signal may strike in between
                    target.up(progress)
        except StehaufError as error:
            self._brought_up = False  # it took down what it had begun
            self._failed = error
            raise

    def renew(self) -> None:
        """Take down what the suite itself brought up, so that the next experiment does not inherit what is broken."""
        if self._brought_up:
            with _held(self._settings) as target:
                target.down()
            self._brought_up = False

    def release(self) -> None:
        """Leave the target as it was found. Ctrl-C does not cut this off. Raises StehaufError."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.renew()
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _held(settings: Settings) -> Iterator[Target]:
    """The target, held for a moment; its client's warnings are none of a test's."""
    bypass_proxies_on_loopback()
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target, _ = open_target(settings, die_with_parent=True, traces=True)
        lock = TargetLock(settings.state, target.name, target.project)
        lock.acquire("the suite's stack")
        try:
            yield target
        finally:
            lock.release()
