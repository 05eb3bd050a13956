"""Experiments for a beginning: one for each service and fault that makes sense there.

Each claims what a restart policy and an undo promise anybody, and no more: what users may see meanwhile only the
owner of the system knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from probes.projects.possible import Ability
from probes.projects.reaching import Door
from probes.projects.values import Part, Project

__all__ = ["Draft", "drafts", "front_of", "passed_over"]

_HEALTHY_S = 60
"""Seconds that the whole project may take to be healthy again before the hypothesis is looked at."""
_BACK_S = 30
_LATE_MS = 100
_LASTS_S = 5
_BOUND_S = 60
_BEFORE_S = 5
"""Seconds of users' answers before anything is broken: without them nothing shows what the fault changed."""
_AFTER_S = 3
"""Seconds that are still watched afterwards: a request of the last moment may wait for its time-out."""
_RATE = 10
"""Requests a second of each canary: a system of which nobody knows what it can bear."""
_KINDS = ("crash", "hang", "latency", "out_of_memory")

_ENDS = {
    "crash": ("crashes", "The process of {name} dies by itself; its restart policy ({restart}) brings it back"),
    "out_of_memory": (
        "runs out of memory", "{name} runs into its memory limit; its restart policy ({restart}) brings it back",
    ),
}  # fmt: skip
_LASTS = {
    "hang": ("hangs", f"{{name}} is frozen for {_LASTS_S} seconds: connections open, and nobody answers"),
    "latency": (
        "is slow", f"Each packet that {{name}} sends is {_LATE_MS} ms late, for {_LASTS_S} seconds",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """One experiment, not yet on disk."""

    name: str
    """Of its file, without suffix."""
    service: str
    fault: str
    content: dict[str, Any]


def front_of(doors: Sequence[Door], project: Project) -> Door | None:
    """The port that stands for the users: of those that answer well, the one that the fewest others depend on."""
    usable = [door for door in doors if door.path and not door.port.moves]
    return min(usable, key=lambda door: (len(project.callers(door.service)), door.service), default=None)


def drafts(
    project: Project, doors: Sequence[Door], abilities: dict[str, tuple[Ability, ...]], load_file: str | None
) -> Iterator[Draft]:
    """The experiments; `load_file` is the Locust file that they name, None for no load."""
    doors = [door for door in doors if not door.port.moves]
    front = front_of(doors, project)
    for part in project.parts:
        can = {one.fault for one in abilities[part.name] if not one.refused and not one.warned}
        for fault in _KINDS:
            if fault in can and (fault != "latency" or project.callers(part.name)):
                content = _experiment(project, part, fault, front, doors, load_file)
                yield Draft(f"{part.name}-{fault.replace('_', '-')}", part.name, fault, content)


def passed_over(project: Project, abilities: dict[str, tuple[Ability, ...]]) -> Iterator[tuple[str, str, str]]:
    """Service, fault, and why no experiment was written for it."""
    for part in project.parts:
        for one in abilities[part.name]:
            if not part.is_task and one.fault in _KINDS and (one.refused or one.warned):
                yield part.name, one.fault, one.refused or one.warned


def _experiment(  # noqa: PLR0913, PLR0917 - what an experiment is made of
    project: Project, part: Part, fault: str, front: Door | None, doors: Sequence[Door], load_file: str | None
) -> dict[str, Any]:
    title, told = (_ENDS | _LASTS)[fault]
    back = max(_BACK_S, round(3 * (part.interval_s or 0)))
    observed: dict[str, Any] = {"project": project.name}
    canaries = _canaries(part, front, doors)
    if canaries:
        observed |= {"canaries": canaries, "rate": _RATE}
    if load_file and front:
        observed["load"] = {"host": front.port.url, "file": load_file, "rate": _RATE}
    return {
        "title": f"{part.name} {title} and comes back",
        "description": f"{told.format(name=part.name, restart=part.restart)}; within {back} seconds all is well again.",
        "controls": [{"name": "stehauf", "provider": _python("probes.control", None, observed)}],
        "steady-state-hypothesis": {"title": "everything is well", "probes": _hypothesis(part, front, doors, back)},
        "method": _method(part, fault, back, [canary["name"] for canary in canaries]),
        "rollbacks": [_action(f"{part.name} runs", "ensure_running", {"service": part.name, "within": _HEALTHY_S})],
        "runtime": {"rollbacks": {"strategy": "always"}},
    }


def _canaries(part: Part, front: Door | None, doors: Sequence[Door]) -> list[dict[str, Any]]:
    own = next((door for door in doors if door.service == part.name and door.path and door is not front), None)
    found = [("users", front), (part.name, own)]
    return [{"name": name, "url": door.port.url + door.path, "timeout": 1.0} for name, door in found if door]


def _hypothesis(part: Part, front: Door | None, doors: Sequence[Door], back: int) -> list[dict[str, Any]]:
    found = [_probe("every service is healthy", "probes.probes", "all_healthy", {"within": _HEALTHY_S}, True)]
    asked = [(door.port.url + path, door.service) for door in doors if door in (front, _door_of(part, doors))
             for path in dict.fromkeys((door.path, door.health)) if path]  # fmt: skip
    for url, service in dict.fromkeys(asked):
        path = "/" + url.split("/", maxsplit=3)[3]
        asking = {"url": url, "within": back, "timeout": 3}
        found.append(_probe(f"{service} answers {path}", "probes.probes", "answers_well", asking, True))
    return found


def _door_of(part: Part, doors: Sequence[Door]) -> Door | None:
    return next((door for door in doors if door.service == part.name), None)


def _method(part: Part, fault: str, back: int, canaries: Sequence[str]) -> list[dict[str, Any]]:
    service, verb = {"service": part.name}, (_ENDS | _LASTS)[fault][0]
    until = {"type": "range", "range": [0, back]}
    patience = {**service, "timeout": float(back + 5)}
    steps: list[dict[str, Any]]
    if fault in _ENDS:
        steps = [
            {**_action(f"{part.name} {verb}", fault, service), "pauses": {"before": _BEFORE_S}},
            _probe(f"seconds until {part.name} was up again", "probes.figures", "up_again_seconds", patience, until),
        ]
    else:
        more = {"milliseconds": _LATE_MS} if fault == "latency" else {}
        steps = [
            {**_action(f"{part.name} {verb}", fault, {**service, **more, "for_seconds": _BOUND_S}),
             "pauses": {"before": _BEFORE_S, "after": _LASTS_S}},
            _action(f"{part.name} is left alone again", "undo", {**service, "fault": fault}),
            _probe("every service is healthy again", "probes.probes", "all_healthy", {"within": back}, True),
        ]  # fmt: skip
    for canary in canaries:
        told = f"seconds until {canary} had a good answer again"
        if canary == part.name:
            told = f"seconds until {canary} itself had a good answer for its canary again"
        steps.append(_probe(told, "probes.figures", "recovery_seconds", {**patience, "canary": canary}, until))
    steps[-1]["pauses"] = {"after": _AFTER_S}
    return steps


def _action(name: str, func: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": "action", "provider": _python("probes.actions", func, arguments)}


def _probe(name: str, module: str, func: str, arguments: dict[str, Any], tolerance: Any) -> dict[str, Any]:
    provider = _python(module, func, arguments)
    return {"name": name, "type": "probe", "tolerance": tolerance, "provider": provider}


def _python(module: str, func: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "python", "module": module, **({"func": func} if func else {}), "arguments": arguments}
