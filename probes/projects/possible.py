"""Which faults can be done to a service of a Compose project, and why another cannot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.errors import TargetError
from probes.faults.table import ENDING, LASTING, table
from probes.projects.values import Part, Project
from probes.targets.docker import DockerTarget

__all__ = ["Ability", "Means", "abilities", "means_of"]

Means = Mapping[str, str]
"""Fault, and why neither this engine nor its kernel can do it; a fault that is not in it can be done."""

_KNOCKED = frozenset({"hang", "latency"})
"""Proved by a connection to the service itself."""
_NEEDS_PORT = "no TCP port is published or exposed, so nothing could show it"


@dataclass(frozen=True, slots=True)
class Ability:
    """One fault of one service."""

    fault: str
    refused: str
    """Why it cannot be done; empty: it can."""
    warned: str = ""
    """What is to be known before it is done; empty: nothing."""


def means_of(project: Project, environment: Mapping[str, str]) -> Means:
    """Ask the engine what it lacks, by trying it in a helper container of its own; a second or so."""
    target = DockerTarget(project.name, environment=environment)
    lacking = {}
    for name, kind in LASTING.items():
        if (tried := getattr(kind, "tried", None)) is None:
            continue
        try:
            target.means(tried)
        except TargetError as error:
            lacking[name] = str(error)
    return lacking


def abilities(part: Part, means: Means) -> tuple[Ability, ...]:
    """Every fault that the Docker target knows, for one service."""
    can = [name for name, targets in table().items() if "docker" in targets]
    return tuple(Ability(name, _refused(name, part) or means.get(name, ""), _warned(name, part)) for name in can)


def _refused(fault: str, part: Part) -> str:
    if part.is_task:
        return "it is a task that ends: there is nothing that could come back"
    rules: list[tuple[bool, Callable[[], str]]] = [
        (fault == "out_of_memory" and not part.has_memory_limit,
         lambda: "it has no memory limit, so it would be the whole machine's (`mem_limit`)"),
        (fault in {"crash", "crash_loop", "signal"} and "pid" in part.shares, lambda: f"it shares {part.shares}"),
        (hasattr(LASTING.get(fault), "tried") and "network" in part.shares, lambda: f"it shares {part.shares}"),
        (fault in _KNOCKED and not part.inner, lambda: _NEEDS_PORT),
    ]  # fmt: skip
    return next((why() for broken, why in rules if broken), "")


def _warned(fault: str, part: Part) -> str:
    if fault in ENDING and not part.comes_back:
        return "no restart policy brings it back"
    return ""
