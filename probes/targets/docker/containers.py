"""What the engine says of a container, as our values: pure functions of `docker inspect`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from probes.targets.api import Health, Instance, Service, State
from probes.targets.values import check_command, check_interval_s, masked, pairs, parse_rfc3339_ns

__all__ = [
    "PROJECT",
    "SERVICE",
    "addresses_of",
    "exposed_ports",
    "instance_of",
    "instance_state",
    "is_finished_task",
    "labels_of",
    "moving_ports",
    "name_of",
    "own_addresses",
    "published_ports",
    "service_of",
    "services_among",
    "tasks_among",
]

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
_SWARM_SERVICE = "com.docker.swarm.service.name"
_DEPENDS_ON = "com.docker.compose.depends_on"
_COMPLETED = "service_completed_successfully"
_STATES: Mapping[str, State] = {
    "created": "created",
    "running": "running",
    "paused": "paused",
    "restarting": "restarting",
}


def labels_of(attributes: Mapping[str, Any]) -> Mapping[str, str]:
    """The container's labels."""
    labels: Mapping[str, str] | None = attributes["Config"].get("Labels")
    return labels or {}


def name_of(attributes: Mapping[str, Any]) -> str:
    """The service that a container is a copy of, by Compose's label or by Swarm's; else its own name."""
    labels = labels_of(attributes)
    return labels.get(SERVICE) or labels.get(_SWARM_SERVICE) or str(attributes.get("Name", "")).lstrip("/")


def instance_state(attributes: Mapping[str, Any]) -> tuple[State, Health, int | None, int | None]:
    """State, health, time of the start and process id of a container."""
    state = attributes["State"]
    status = _STATES.get(state["Status"], "stopped")
    return status, _health(state), parse_rfc3339_ns(state.get("StartedAt", "")), state.get("Pid") or None


def instance_of(attributes: Mapping[str, Any]) -> Instance:
    """A container as an instance. The engine forgets the exit code at the next start: then it is None."""
    state = attributes["State"]
    status, health, started_ns, pid = instance_state(attributes)
    has_ended = parse_rfc3339_ns(state.get("FinishedAt", "")) is not None and status in {"stopped", "restarting"}
    return Instance(
        service=labels_of(attributes)[SERVICE],
        id=attributes["Id"],
        state=status,
        health=health,
        restart_count=attributes["RestartCount"],
        started_ns=started_ns,
        pid=pid,
        exit_code=state["ExitCode"] if has_ended else None,
    )


def service_of(attributes: Mapping[str, Any]) -> Service:
    """A container's declaration as a service."""
    config, host = attributes["Config"], attributes["HostConfig"]
    check = config.get("Healthcheck") or {}
    environment = pairs(config.get("Env"))
    command = check_command(check.get("Test") or [], environment)
    return Service(
        name=labels_of(attributes)[SERVICE],
        restart=_restart(host.get("RestartPolicy") or {}),
        image=config["Image"],
        digest=attributes["Image"],
        healthcheck=command,
        health_interval_s=check_interval_s(check) if command else None,
        ports=tuple(sorted(f"{address or '*'}:{port}" for _, address, port in published_ports(attributes))),
        depends_on=_depends_on(labels_of(attributes).get(_DEPENDS_ON, "")),
        environment=masked(environment),
    )


def addresses_of(attributes: Mapping[str, Any], *, local: bool) -> tuple[tuple[str, int], ...]:
    """Where each TCP port is reached: in the container's first network, or as published if not `local`.

    Those that are published come first; in its network also those that its image merely exposes.
    """
    own = next(iter(own_addresses(attributes)), "")
    published = published_ports(attributes)
    if local and own:
        inner = dict.fromkeys([*(port for port, _, _ in published), *exposed_ports(attributes)])
        return tuple((own, port) for port in inner)
    return tuple((address or "127.0.0.1", port) for _, address, port in published)


def own_addresses(attributes: Mapping[str, Any]) -> list[str]:
    """A container's address in each of its networks."""
    networks = ((attributes.get("NetworkSettings") or {}).get("Networks") or {}).values()
    return [found["IPAddress"] for found in networks if found.get("IPAddress")]


def published_ports(attributes: Mapping[str, Any]) -> tuple[tuple[int, str, int], ...]:
    """Each TCP port inside, and the address and port of the host that lead to it; an empty address: all of them.

    The engine chooses a port itself where the declaration leaves it open, and says which while the container runs.
    """
    bindings: Mapping[str, Any] = attributes["HostConfig"].get("PortBindings") or {}
    chosen: Mapping[str, Any] = (attributes.get("NetworkSettings") or {}).get("Ports") or {}
    found = [
        (_number(name), str(each.get("HostIp") or ""), int(each["HostPort"]))
        for name, declared in bindings.items()
        for each in chosen.get(name) or declared or []
        if name.endswith("/tcp") and _is_fixed(each.get("HostPort"))
    ]
    return tuple(sorted(_v4_alone(found)))


def moving_ports(attributes: Mapping[str, Any]) -> frozenset[int]:
    """TCP ports inside without a declared one of the host's: the engine chooses it, at each start anew."""
    bindings: Mapping[str, Any] = attributes["HostConfig"].get("PortBindings") or {}
    return frozenset(
        _number(name)
        for name, declared in bindings.items()
        if name.endswith("/tcp") and not (declared and all(_is_fixed(each.get("HostPort")) for each in declared))
    )


def _is_fixed(port: Any) -> bool:
    """Whether it is one port; none, 0 and a range let the engine choose."""
    return str(port or "").isdecimal() and int(port) > 0


def _v4_alone(found: list[tuple[int, str, int]]) -> Iterable[tuple[int, str, int]]:
    """The engine lists what is open to all once more, for IPv6."""
    return {one if one[1] not in {"0.0.0.0", "::"} else (one[0], "", one[2]) for one in found}  # noqa: S104


def exposed_ports(attributes: Mapping[str, Any]) -> tuple[int, ...]:
    """TCP ports that the container declares, published or not."""
    names = {*(attributes["Config"].get("ExposedPorts") or {}), *(attributes["HostConfig"].get("PortBindings") or {})}
    return tuple(sorted(_number(name) for name in names if name.endswith("/tcp")))


def tasks_among(containers: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Services that others wait for to end."""
    labels = [labels_of(each).get(_DEPENDS_ON, "") for each in containers]
    waits = [part.split(":") for label in labels for part in label.split(",") if part]
    return frozenset(wait[0] for wait in waits if _COMPLETED in wait[1:])


def services_among(containers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the services that have containers among them, without tasks that ended as they should."""
    tasks = tasks_among(containers)
    named = ((labels_of(each)[SERVICE], each) for each in containers)
    return tuple(sorted({name for name, each in named if name not in tasks or not is_finished_task(each)}))


def is_finished_task(attributes: Mapping[str, Any]) -> bool:
    """Whether it ended as it should, and nothing is to start it again."""
    state = attributes["State"]
    ended = state["Status"] == "exited" and state.get("ExitCode") == 0
    return ended and _restart(attributes["HostConfig"].get("RestartPolicy") or {}) == "no"


def _number(name: str) -> int:
    return int(name.partition("/")[0])


def _health(state: Mapping[str, Any]) -> Health:
    status = (state.get("Health") or {}).get("Status", "none")
    return status if status in get_args(Health) else "none"


def _restart(policy: Mapping[str, Any]) -> str:
    name = policy.get("Name") or "no"
    most = policy.get("MaximumRetryCount") or 0
    return f"{name}:{most}" if most else name


def _depends_on(label: str) -> tuple[str, ...]:
    """Compose writes `product:service_healthy:false,broker:...`."""
    return tuple(sorted(part.split(":", maxsplit=1)[0] for part in label.split(",") if part))
