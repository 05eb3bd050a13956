"""Between the one thread that looks and the many that tell their viewers."""

import threading

from reports.live.view import View

__all__ = ["Hub"]


class Hub:
    """Holds the latest view; whoever tells it waits here for the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._view: View | None = None
        self._number = 0
        self._viewers = 0
        self.wanted = threading.Event()
        """Somebody watches: without a viewer nothing is rendered, so that the run is not disturbed."""

    def publish(self, view: View) -> None:
        """Wake all who wait, if there is anything new."""
        with self._changed:
            if view != self._view:
                self._view = view
                self._number += 1
                self._changed.notify_all()

    def enter(self) -> None:
        """A viewer came."""
        with self._changed:
            self._viewers += 1
            self.wanted.set()

    def leave(self) -> None:
        """A viewer went."""
        with self._changed:
            self._viewers -= 1
            if not self._viewers:
                self.wanted.clear()
            self._changed.notify_all()

    def later_than(self, number: int, within: float) -> tuple[int, View | None]:
        """The number and the view of what came after `number`; None where nothing did within the seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number, within)
            return self._number, self._view if self._number > number else None

    def wait_empty(self, within: float) -> None:
        """Wait until every viewer has gone, or the seconds are over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._viewers, within)
