"""Whether an update of a service that has several copies can take them all away, before one has shown that it stays.

Swarm's updater goes on to the next copy as soon as the new task of the one before has come as far as *running*, or
beyond it, which a task that failed has too (moby/swarmkit, manager/orchestrator/update/updater.go, updateTask); only
`delay` lets it wait in between, and what fails is looked at meanwhile.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from probes.errors import ConfigurationError
from probes.lint.reach import Broken
from probes.targets.embedded.fields import duration_s

__all__ = ["updates"]


def updates(service: Mapping[str, Any]) -> Iterator[Broken]:
    """What is found of a service that a swarm's manager runs.

    Nothing is said of `order: start-first` with a health check: there an old copy ends only where its successor is
    healthy. Without one it ends as soon as the other is started.
    """
    deploy = _mapping(service.get("deploy"))
    copies = _copies(deploy)
    config = _mapping(deploy.get("update_config"))
    if copies is None or (config.get("order") == "start-first" and service.get("healthcheck")):
        return
    at = ("deploy", "update_config") if config else ("deploy",)
    how_many = "every node's copy" if copies == 0 else f"{copies} copies"
    if _takes_all(config.get("parallelism", 1), copies):
        yield "C140", at, f"an update takes {how_many} at once"
    elif config.get("failure_action") == "continue":
        yield "C140", at, f"an update that fails goes on through {how_many}"
    elif _is_none(config.get("delay", "0s")):
        yield "C140", at, f"an update goes through {how_many} without a delay"


def _copies(deploy: Mapping[str, Any]) -> int | None:
    """How many there are, 0 for one a node; None for a single one, and where only a variable says it."""
    if deploy.get("mode", "replicated") != "replicated":
        return 0 if deploy["mode"] == "global" else None
    replicas = str(deploy.get("replicas", 1))
    return int(replicas) if replicas.isdecimal() and int(replicas) > 1 else None


def _takes_all(parallelism: Any, copies: int) -> bool:
    """0 means all; how many nodes there are, and so copies of a global service, the file does not say."""
    text = str(parallelism)
    return text.isdecimal() and (int(text) == 0 or 0 < copies <= int(text))


def _is_none(delay: Any) -> bool:
    if str(delay).strip() == "0":
        return True
    try:
        return duration_s(delay, "delay") == 0
    except (ConfigurationError, ValueError, TypeError):
        return False


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
