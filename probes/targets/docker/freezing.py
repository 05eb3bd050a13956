"""Freezing and thawing a container, at a moment when the engine can do both.

A container that is frozen while a process is just being started in it, by its health check or by `docker exec`, is not
thawed again: whoever starts the process waits for it, the process waits for the thaw, and the thaw waits for whoever
starts it. From then on the engine does not even list its containers, and only writing THAWED into the freezer by hand
helps (seen with engine 26.1, containerd 1.6, runc 1.1, where a check is being started for some 2 % of the time). So a
freeze waits for the gap between two checks.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from docker.errors import APIError

from probes.targets.values import check_interval_s

__all__ = ["Freezable", "freeze", "is_quiet", "thaw"]

_CONFLICT = 409
_WAIT_S = 3.0
"""Longest wait for a gap: where checks follow each other without one, or somebody has a shell open, it is frozen all
the same."""
_BEFORE_S = 1.0
"""Before the time that a check is due, or half of its interval, where that is less: a busy engine takes its time to
freeze, too. A check that is overdue is about to start."""


class Freezable(Protocol):
    """A container of the SDK."""

    attrs: dict[str, Any]

    def reload(self) -> None:
        """Inspect it anew."""

    def pause(self) -> None:
        """Freeze it."""

    def unpause(self) -> None:
        """Thaw it."""


def freeze(container: Freezable) -> None:
    """Freeze it, between two of its health checks. Raises DockerException."""
    deadline = time.monotonic() + _WAIT_S
    while not is_quiet(container.attrs, time.time()) and time.monotonic() < deadline:
        time.sleep(0.02)
        container.reload()
    _patiently(container.pause)


def thaw(container: Freezable) -> None:
    """Thaw it. Raises DockerException."""
    _patiently(container.unpause)


def is_quiet(attrs: dict[str, Any], now_s: float) -> bool:
    """Whether nothing is being started in it, and no health check is due; `now_s` is in seconds since the epoch."""
    if attrs.get("ExecIDs"):
        return False
    checks = ((attrs.get("State") or {}).get("Health") or {}).get("Log") or []
    if not checks:
        return True
    interval_s = check_interval_s((attrs.get("Config") or {}).get("Healthcheck") or {})
    due_s = datetime.fromisoformat(checks[-1]["End"]).timestamp() + interval_s
    return due_s - now_s >= min(_BEFORE_S, interval_s / 2)


def _patiently(order: Callable[[], None]) -> None:
    """Directly after its opposite a pause or a resume can be a conflict for a moment."""
    for attempt in range(10):
        try:
            return order()
        except APIError as refused:
            if refused.status_code != _CONFLICT or attempt == 9:  # noqa: PLR2004
                raise
            time.sleep(0.05)
    return None
