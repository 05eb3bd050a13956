"""Signals: noted when they come, and held off while the run is being wound up.

On chaostoolkit-lib 1.44 a SIGTERM during a Python activity is a mere failed activity, and exceptions that a
signal raises inside an event handler are swallowed. So the run remembers the signal itself.
"""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["SignalNote"]

logger = logging.getLogger("chaostoolkit")

_WATCHED = (signal.SIGINT, signal.SIGTERM)


class SignalNote:
    """Notes SIGINT and SIGTERM, and then lets them do what they did before."""

    def __init__(self) -> None:
        self.seen: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def install(self) -> None:
        """Put the note in front of the present handlers; only possible in the main thread."""
        for number in _WATCHED:
            self._before[number] = signal.signal(number, self._note)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wind up without being cut off: a further Ctrl-C must not skip an undo."""
        for number in _WATCHED:
            signal.signal(number, self._busy)
        try:
            yield
        finally:
            for number in _WATCHED:
                signal.signal(number, self._before.get(number) or signal.SIG_DFL)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = self.seen or signal.Signals(number).name
        before = self._before[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    def _busy(self, number: int, _frame: FrameType | None) -> None:
        self.seen = self.seen or signal.Signals(number).name
        logger.warning("Already undoing and writing the report; this takes some seconds and is not skipped")
