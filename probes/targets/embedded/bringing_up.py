"""Wait until every service is healthy, telling what happens; say in one sentence what did not get healthy."""

import time
from collections.abc import Callable
from pathlib import Path

from probes.errors import TargetError
from probes.targets.api import Instance

__all__ = ["last_line", "wait_until_healthy"]

_GIVE_UP_AFTER = 3
"""Restarts of a service while it was waited for."""
_A_MOMENT_NS = 300_000_000


def wait_until_healthy(
    instances: Callable[[], list[Instance]], logs: Path, progress: Callable[[str], None], within_s: float
) -> None:
    """Return when all run and none is without health; raise TargetError when that cannot be expected any more."""
    until, told = time.monotonic() + within_s, dict[str, str]()
    restarts: dict[str, int] = {}
    while True:
        seen = instances()
        for instance in seen:
            now = _words(instance)
            if told.get(instance.service) != now:
                told[instance.service] = now
                progress(f"{instance.service}: {now}")
            before = restarts.setdefault(instance.service, instance.restart_count)
            if _is_lost(instance, instance.restart_count - before):
                raise TargetError(_reason(instance, now, logs))
        waiting = [instance for instance in seen if not _is_good(instance)]
        if not waiting:
            return
        if time.monotonic() > until:
            raise TargetError(_reason(waiting[0], f"not healthy after {within_s:g} s", logs))
        time.sleep(0.05)


def last_line(log: Path) -> str:
    """The last line that a service wrote, or a word for nothing."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "(nothing)"


def _words(instance: Instance) -> str:
    if instance.state == "running":
        return "running" if instance.health == "none" else instance.health
    return "waiting" if instance.state == "created" else instance.state


def _is_good(instance: Instance) -> bool:
    if instance.state != "running" or instance.started_ns is None:
        return False
    # Where nothing checks it, what still lives after a moment has started.
    lived_ns = time.time_ns() - instance.started_ns
    return instance.health == "healthy" or (instance.health == "none" and lived_ns > _A_MOMENT_NS)


def _is_lost(instance: Instance, restarts: int) -> bool:
    return instance.state == "stopped" or restarts >= _GIVE_UP_AFTER or instance.health == "unhealthy"


def _reason(instance: Instance, what: str, logs: Path) -> str:
    line = last_line(logs / f"{instance.service}.log")
    ended = "" if instance.exit_code is None else f", last exit code {instance.exit_code}"
    return f"The service {instance.service} did not get healthy: {what}{ended}; its last log line is: {line}"
