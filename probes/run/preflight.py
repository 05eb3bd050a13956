"""What is checked before anything is touched: a run that cannot prove anything does not begin."""

import errno
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chaoslib import substitute

from probes.errors import ConfigurationError, StackNotUp, TargetDegraded, UnknownService
from probes.run.load import Load
from probes.targets.api import Inspectable, Instance, Stack

__all__ = ["ailments", "check_load", "check_room", "check_services", "check_state", "refuse_degraded", "require_up"]

_ROOM_BYTES = 50 * 2**20


def check_room(runs: Path) -> None:
    """Refuse a disk without 50 MB to record on, or a folder that cannot be written."""
    _require_writable(runs, "STEHAUF_RUNS")
    free = shutil.disk_usage(runs).free
    if free < _ROOM_BYTES:
        raise ConfigurationError(
            f"{runs} has {free / 2**20:.0f} MB free, a run wants {_ROOM_BYTES / 2**20:.0f} MB for its evidence: "
            "make room, or set STEHAUF_RUNS to a folder on another disk"
        )


def check_state(state: Path) -> None:
    """Refuse to begin where the ledger of faults could not be written."""
    _require_writable(state, "XDG_STATE_HOME")


def check_services(experiment: Mapping[str, Any], target: Inspectable, configuration: Mapping[str, Any]) -> None:
    """Refuse an experiment whose activities of ours name a service that the target does not have."""
    there = target.services()
    for activity in _activities(experiment):
        provider = activity.get("provider", {})
        if not str(provider.get("module", "")).startswith("probes."):
            continue
        arguments = substitute(dict(provider.get("arguments") or {}), dict(configuration), {})
        service = arguments.get("service")
        if "service" in arguments and service not in there:
            raise UnknownService(
                f"'{activity.get('name')}' names the service '{service}', which the target does not have; "
                f"it has: {', '.join(there)}"
            )


def check_load(load: Load | None, target: str) -> None:
    """Refuse a load from nodes where there are none."""
    if load and load.places and target != "swarm":
        raise ConfigurationError(
            f"The argument load.nodes of probes.control names {', '.join(load.places)}, and the target is {target}: "
            "only a swarm has nodes; leave it empty (STEHAUF_LOAD_NODES in our own experiments) for a load from here"
        )


def require_up(target: Stack, project: str) -> None:
    """Refuse a project that is not up and not ours to start."""
    if not target.is_up() and not target.is_own:
        raise StackNotUp(
            f"The Compose project '{project}' is not up, and it is not Stehauf's own stack, so it is not started "
            "unasked: start it (docker compose up -d --wait), or name another one in STEHAUF_PROJECT"
        )


def ailments(target: Inspectable) -> list[str]:
    """A sentence for each instance that is not running and well; empty when everything is."""
    return [
        f"{instance.service} {_condition(instance)}"
        for service in target.services()
        for instance in target.instances(service)
        if instance.state != "running" or instance.health not in ("healthy", "none")
    ]


def refuse_degraded(target: Inspectable, within: float = 10.0) -> None:
    """Refuse a target in which something is broken already; `starting` health gets `within` seconds to settle."""
    deadline = time.monotonic() + within
    while found := ailments(target):
        if time.monotonic() > deadline or not all(ailment.endswith("starting") for ailment in found):
            raise TargetDegraded(
                f"The target is degraded before anything was broken: {'; '.join(found)}. "
                "Mend it first (our own stack: chaos stack down, then again; a job that has ended: docker compose rm)"
            )
        time.sleep(0.2)


def _require_writable(folder: Path, variable: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return  # how much room there is, is another question
        raise ConfigurationError(
            f"Tried to write into the folder {folder}: {error.strerror}. Nothing was started. "
            f"Set {variable} to a folder that can be written"
        ) from error


def _condition(instance: Instance) -> str:
    return f"is {instance.state}" if instance.state != "running" else f"is {instance.health}"


def _activities(experiment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (experiment.get("steady-state-hypothesis") or {}).get("probes") or []
    yield from experiment.get("method") or []
    yield from experiment.get("rollbacks") or []
