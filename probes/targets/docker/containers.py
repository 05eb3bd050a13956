"""What the engine says of a container, as our values: pure functions of `docker inspect`."""

from collections.abc import Mapping
from typing import Any, get_args

from probes.targets.api import Health, Instance, Service, State
from probes.targets.values import masked, parse_rfc3339_ns

__all__ = ["PROJECT", "SERVICE", "addresses_of", "instance_of", "instance_state", "labels_of", "name_of", "service_of"]

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
_SWARM_SERVICE = "com.docker.swarm.service.name"
_DEPENDS_ON = "com.docker.compose.depends_on"
_DEFAULT_INTERVAL_S = 30.0
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
    command = _check_command(check.get("Test") or [])
    return Service(
        name=labels_of(attributes)[SERVICE],
        restart=_restart(host.get("RestartPolicy") or {}),
        image=config["Image"],
        digest=attributes["Image"],
        healthcheck=command,
        health_interval_s=(check.get("Interval") or 0) / 1e9 or _DEFAULT_INTERVAL_S if command else None,
        ports=_ports(host.get("PortBindings") or {}),
        depends_on=_depends_on(labels_of(attributes).get(_DEPENDS_ON, "")),
        environment=masked(_pair(text) for text in config.get("Env") or []),
    )


def addresses_of(attributes: Mapping[str, Any], *, local: bool) -> tuple[tuple[str, int], ...]:
    """Where each published TCP port is reached: in the container's first network, or as published if not `local`."""
    bindings: Mapping[str, Any] = attributes["HostConfig"].get("PortBindings") or {}
    tcp = {name: bound[0] for name, bound in bindings.items() if name.endswith("/tcp") and bound}
    networks = (attributes["NetworkSettings"].get("Networks") or {}).values()
    own = next((found["IPAddress"] for found in networks if found.get("IPAddress")), "")
    if local and own:
        return tuple((own, int(name.removesuffix("/tcp"))) for name in sorted(tcp))
    return tuple((bound.get("HostIp") or "127.0.0.1", int(bound["HostPort"])) for _, bound in sorted(tcp.items()))


def _health(state: Mapping[str, Any]) -> Health:
    status = (state.get("Health") or {}).get("Status", "none")
    return status if status in get_args(Health) else "none"


def _restart(policy: Mapping[str, Any]) -> str:
    name = policy.get("Name") or "no"
    most = policy.get("MaximumRetryCount") or 0
    return f"{name}:{most}" if most else name


def _check_command(test: list[str]) -> str:
    return "" if not test or test[0] == "NONE" else " ".join(test[1:])


def _ports(bindings: Mapping[str, list[Mapping[str, str]] | None]) -> tuple[str, ...]:
    bound = [each for found in bindings.values() for each in found or []]
    return tuple(sorted(f"{each.get('HostIp') or '*'}:{each['HostPort']}" for each in bound))


def _depends_on(label: str) -> tuple[str, ...]:
    """Compose writes `product:service_healthy:false,broker:...`."""
    return tuple(sorted(part.split(":", maxsplit=1)[0] for part in label.split(",") if part))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
