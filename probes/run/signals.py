"""Signals: noted when they come, and held off while the run is being wound up.

A signal becomes an exception wherever the main thread happens to be, and there it can be lost: logging and
chaoslib's event registry swallow exceptions, and on chaostoolkit-lib 1.44 a SIGTERM during a Python activity is
a mere failed activity. So the run remembers the signal, and sends it again until the runner has taken it.
"""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from chaoslib.exceptions import InterruptExecution

__all__ = ["SignalNote"]

logger = logging.getLogger("chaostoolkit")

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_AFTER_S = 1.0


class SignalNote:
    """Notes SIGINT and SIGTERM, and then lets them do what they did before."""

    def __init__(self) -> None:
        self.seen: str | None = None
        self._taken = threading.Event()
        self._before: dict[signal.Signals, Any] = {}
        self._unraisable_before: Any = sys.__unraisablehook__

    def install(self) -> None:
        """Put the note in front of the present handlers; only possible in the main thread."""
        logging.raiseExceptions = False  # a signal that strikes inside a log line would print a traceback
        self._unraisable_before, sys.unraisablehook = sys.unraisablehook, self._unraisable
        for number in _WATCHED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants its SIGHUP ignored
                self._before[number] = signal.signal(number, self._note)

    def taken(self) -> None:
        """The runner has taken the interruption: it need not be sent again."""
        self._taken.set()

    def hold(self) -> None:
        """Wind up without being cut off from here on: a further Ctrl-C must not skip an undo."""
        self.taken()
        for number in self._before:
            signal.signal(number, self._busy)

    def release(self) -> None:
        """Let signals do again what they did before all this."""
        for number, before in self._before.items():
            signal.signal(number, before)
        sys.unraisablehook = self._unraisable_before

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.seen is None:
            self.seen = signal.Signals(number).name
            threading.Thread(target=self._send_again, args=(number,), name="signal", daemon=True).start()
        before = self._before[signal.Signals(number)]
        if callable(before):
            before(number, frame)
        else:
            raise InterruptExecution(f"{self.seen} received")

    def _send_again(self, number: int) -> None:
        while not self._taken.wait(_AGAIN_AFTER_S):
            os.kill(os.getpid(), number)

    def _unraisable(self, what: "sys.UnraisableHookArgs") -> None:
        """A signal that strikes between a `with` and its block makes Python close chaoslib's generator by itself.

        The controls that are then told of the activity's end raise the interruption again, to nobody.
        """
        if self.seen and isinstance(what.exc_value, InterruptExecution):
            logger.debug("An interruption that nobody could take", exc_info=what.exc_value)
        else:
            self._unraisable_before(what)

    def _busy(self, number: int, _frame: FrameType | None) -> None:
        self.seen = self.seen or signal.Signals(number).name
        logger.warning("Already undoing and writing the report; this takes some seconds and is not skipped")
