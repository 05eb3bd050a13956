"""What every service counts of its requests, and the page that Prometheus reads.

Prometheus' client takes a third of the start of a service that has little else to import, and what takes long to
start takes long to recover. So it is imported a moment after the service listens, or when somebody asks for the page;
what was answered before that is counted then.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from services.common import log

__all__ = ["answered", "begin", "page"]

_LATER_S = 1.0
"""Seconds after listening: the import takes the processor, and the first answers are part of a recovery."""

_Answer = tuple[str, str, int, str, float]
_uncounted: deque[_Answer] = deque(maxlen=100_000)
"""Appended to and taken from by several threads at once, which a deque allows; bounded, in case nothing takes any."""
_series: Any = None
"""services.common.metrics_series, once it is imported."""


def begin() -> None:
    """The service listens: have the series in a moment."""
    threading.Thread(target=_later, name="metrics", daemon=True).start()


def answered(method: str, route: str, status: int, degraded: str, seconds: float) -> None:
    """Count a request that was answered after so many seconds."""
    _uncounted.append((method, route, status, degraded, seconds))
    if _series is not None:
        _series.count(_taken())


def page() -> tuple[bytes, str]:
    """The metrics of this process as text, and its content type."""
    _load()
    content: tuple[bytes, str] = _series.page()
    return content


def _later() -> None:
    time.sleep(_LATER_S)
    try:
        _load()
    except Exception as error:  # noqa: BLE001 - a service without metrics still serves
        log.event("metrics-failed", reason=repr(error))


def _load() -> None:
    global _series  # noqa: PLW0603 - a process is one service
    from services.common import metrics_series  # noqa: PLC0415 - late on purpose, see above

    _series = metrics_series
    _series.count(_taken())


def _taken() -> Iterator[_Answer]:
    while _uncounted:
        try:
            yield _uncounted.popleft()
        except IndexError:  # another thread was quicker
            return
