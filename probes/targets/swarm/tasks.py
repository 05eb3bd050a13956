"""What manager and engines say of tasks, as our values: pure functions.

A task is one try to run one copy of a service, and never starts again: what restarts is the *slot*, which gets a new
task, with a new container, on whichever machine. So an instance is a slot: `product.1`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from probes.targets.api import Event, Instance, Service, State
from probes.targets.docker.containers import instance_state
from probes.targets.docker.events import event_of
from probes.targets.swarm.stackfile import DEPENDS_ON
from probes.targets.values import check_command, check_interval_s, masked, pairs, parse_rfc3339_ns

__all__ = ["NAMESPACE", "Task", "event_from", "instance_from", "service_from", "slots"]

NAMESPACE = "com.docker.stack.namespace"
_SERVICE = "com.docker.swarm.service.name"
_TASK = "com.docker.swarm.task.name"
_TASK_ID = "com.docker.swarm.task.id"
_WANTED = frozenset({"running", "ready", "accepted"})
_ENDED = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})
_RESTART = {"any": "always", "none": "no", "on-failure": "on-failure"}

Task = Mapping[str, Any]
"""As the API gives it."""


def slots(tasks: Iterable[Task]) -> list[list[Task]]:
    """The tasks of each slot that is wanted, oldest first; the last one of each is the slot's own now."""
    found: dict[Any, list[Task]] = {}
    for task in sorted(tasks, key=lambda each: parse_rfc3339_ns(each["CreatedAt"]) or 0):
        found.setdefault(task.get("Slot") or task.get("NodeID"), []).append(task)
    return [each for each in found.values() if each[-1]["DesiredState"] in _WANTED]


def instance_from(
    service: str, slot: list[Task], nodes: Mapping[str, str], container: Mapping[str, Any] | None
) -> Instance:
    """A slot as an instance. `nodes`: names by id; `container`: inspection of its container, where it has one."""
    task, before = slot[-1], slot[-2] if len(slot) > 1 else None
    state, health, started_ns, pid = _state(task), "none", None, None
    if container is not None:
        state, health, started_ns, pid = instance_state(container)
    return Instance(
        service=service,
        id=f"{service}.{task.get('Slot') or nodes.get(task.get('NodeID') or '', '')}",
        state=state,
        health=health,  # type: ignore[arg-type]
        restart_count=0,
        started_ns=started_ns,
        pid=pid,
        exit_code=_exit_code(before) if before else None,
        node=nodes.get(task.get("NodeID") or "", ""),
        task=task["ID"],
        replaces=before["ID"] if before else "",
        ended_as=before["Status"]["State"] if before else "",
    )


def service_from(raw: Mapping[str, Any], project: str, digest: str) -> Service:
    """A service's declaration, as the manager has it."""
    spec = raw["Spec"]
    template = spec["TaskTemplate"]
    container = template["ContainerSpec"]
    check = container.get("Healthcheck") or {}
    environment = pairs(container.get("Env"))
    command = check_command(check.get("Test") or [], environment)
    return Service(
        name=short(spec["Name"], project),
        restart=_restart(template.get("RestartPolicy") or {}),
        image=container["Image"],
        digest=digest,
        healthcheck=command,
        health_interval_s=check_interval_s(check) if command else None,
        ports=tuple(
            sorted(f"*:{port['PublishedPort']}" for port in (spec.get("EndpointSpec") or {}).get("Ports") or [])
        ),
        depends_on=tuple(filter(None, (spec.get("Labels") or {}).get(DEPENDS_ON, "").split(","))),
        environment=masked(environment),
    )


def event_from(raw: Mapping[str, Any], seen_ns: int, project: str, node: str) -> Event | None:
    """Our event for one of a machine's engine; None for one that says nothing to us, or is not of the stack."""
    actor = raw.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    if attributes.get(NAMESPACE) != project or _TASK not in attributes:
        return None
    full, task = attributes[_SERVICE], attributes[_TASK_ID]
    slot = attributes[_TASK].removeprefix(f"{full}.").removesuffix(f".{task}")
    service = short(full, project)
    found = event_of(raw, seen_ns, (service, f"{service}.{slot if slot.isdecimal() else node}"))
    return None if found is None else replace(found, node=node, task=task)


def short(full: str, project: str) -> str:
    """A service's name as the stack file has it."""
    return full.removeprefix(f"{project}_")


def _state(task: Task) -> State:
    return "stopped" if task["Status"]["State"] in _ENDED else "restarting"


def _exit_code(task: Task) -> int | None:
    status = task["Status"]
    code = (status.get("ContainerStatus") or {}).get("ExitCode")
    return code if status["State"] in _ENDED and isinstance(code, int) else None


def _restart(policy: Mapping[str, Any]) -> str:
    name = _RESTART.get(policy.get("Condition") or "any", "always")
    most = policy.get("MaxAttempts") or 0
    return f"{name}:{most}" if most and name == "on-failure" else name
