"""The engines of a swarm: the manager's, and one for each machine, by the names that the configuration gives them."""

import contextlib
import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import docker
from docker.context import ContextAPI
from docker.errors import DockerException, ImageNotFound

from probes.errors import ConfigurationError, TargetError, TargetUnavailable
from probes.targets.docker.engine import asked, connect

__all__ = ["Engines", "Node", "manager_environment", "node_of", "nodes_named", "require_image", "unavailable"]

NodeState = Literal["ready", "down", "unknown", "disconnected"]
Availability = Literal["active", "pause", "drain"]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the swarm, as its manager sees it now."""

    id: str
    name: str
    """Its host name."""
    state: NodeState
    availability: Availability
    is_manager: bool
    address: str = ""
    """Where others reach it; empty: the manager does not say."""


def nodes_named(text: str) -> dict[str, str]:
    """`a=unix:///...,b=tcp://...` as endpoints by name. Raises ConfigurationError."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, endpoint = part.partition("=")
        if not name or "://" not in endpoint or name in found:
            raise ConfigurationError(
                f"STEHAUF_SWARM_NODES reads {part!r}: it takes each machine of the swarm once, as its host name, '=' "
                "and where its engine answers, with ',' between them: node1=unix:///run/node1.sock,"
                "node2=tcp://127.0.0.1:2376"
            )
        found[name] = endpoint
    return found


def manager_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with DOCKER_HOST in it, also where a context is named instead. Raises ConfigurationError."""
    name = environment.get("DOCKER_CONTEXT")
    if environment.get("DOCKER_HOST") or not name or name == "default":
        return dict(environment)
    try:
        context = ContextAPI.get_context(name)
    except (DockerException, OSError, ValueError) as error:
        raise ConfigurationError(f"DOCKER_CONTEXT names {name}, which cannot be read: {error}") from error
    if context is None or not context.Host:
        raise ConfigurationError(f"DOCKER_CONTEXT names {name}, and there is no such context: see `docker context ls`")
    found = {key: value for key, value in environment.items() if key != "DOCKER_CONTEXT"}
    return {**found, "DOCKER_HOST": context.Host}


def node_of(raw: Mapping[str, Any]) -> Node:
    """A machine from what the manager says of it, which knows its own address only as a manager's."""
    address = str(raw["Status"].get("Addr") or "")
    if address in {"", "0.0.0.0"}:  # noqa: S104 - compared, not bound
        address = str((raw.get("ManagerStatus") or {}).get("Addr") or "").rpartition(":")[0]
    return Node(
        id=raw["ID"],
        name=raw["Description"]["Hostname"],
        state=raw["Status"]["State"],
        availability=raw["Spec"]["Availability"],
        is_manager=raw["Spec"]["Role"] == "manager",
        address=address.strip("[]"),
    )


class Engines:
    """Connections, made when first asked for."""

    def __init__(self, environment: Mapping[str, str] | None, timeout_s: float) -> None:
        self.environment = manager_environment(os.environ if environment is None else environment)
        self._timeout_s = timeout_s
        self._named = nodes_named(self.environment.get("STEHAUF_SWARM_NODES") or "")
        self._clients: dict[str, docker.DockerClient] = {}
        self._names: dict[str, str] | None = None

    def manager(self) -> docker.DockerClient:
        """The engine that orders are given to. Raises TargetUnavailable, ConfigurationError where it is no manager."""
        if "" not in self._clients:
            client = connect(self._timeout_s, self.environment)
            with asked("say whether it manages a swarm"):
                swarm = client.info().get("Swarm") or {}
            if not swarm.get("ControlAvailable"):
                state = swarm.get("LocalNodeState") or "inactive"
                client.close()
                raise ConfigurationError(
                    f"The engine at {self.environment.get('DOCKER_HOST') or 'the local socket'} manages no swarm (it "
                    f"is {state} there): set DOCKER_HOST or DOCKER_CONTEXT to a manager's, or make a swarm "
                    "(`docker swarm init`; three machines on one: stack/swarm/nodes)"
                )
            self._clients[""] = self._kept(client)
        return self._clients[""]

    def api(self) -> Any:
        """The manager's API; the SDK has no types for it."""
        return self.manager().api

    def nodes(self) -> tuple[Node, ...]:
        """Every machine of the swarm, by name. Raises ConfigurationError where one has no engine that we know."""
        api = self.api()
        with asked("list the nodes of the swarm"):
            found = sorted((node_of(raw) for raw in api.nodes()), key=lambda node: node.name)
        self._refuse_unnamed(found)
        return tuple(found)

    def endpoints(self) -> dict[str, str]:
        """Where the engine of each machine answers, by its name."""
        if self._names is None:
            self.nodes()
        return dict(self._names or {})

    def engine(self, name: str) -> docker.DockerClient:
        """The engine of a machine, which is made sure to be that one. Raises TargetUnavailable, ConfigurationError."""
        if name not in self._clients:
            self._clients[name] = self._kept(self.fresh(name))
        return self._clients[name]

    def fresh(self, name: str) -> docker.DockerClient:
        """A connection of its own, for whoever closes it. Raises as `engine` does."""
        wanted = next(node.id for node in self.nodes() if node.name == name)
        endpoint = self.endpoints()[name]
        client = connect(self._timeout_s, {**self.environment, "DOCKER_HOST": endpoint})
        try:
            with asked("say which node of the swarm it is"):
                found = (client.info().get("Swarm") or {}).get("NodeID")
        except BaseException:
            client.close()
            raise
        if found == wanted:
            return client
        client.close()
        raise ConfigurationError(
            f"STEHAUF_SWARM_NODES says that {endpoint} is the engine of {name}, and it is that of the node "
            f"{found or '(none of a swarm)'}: nothing was done"
        )

    def reachable(self, name: str) -> docker.DockerClient | None:
        """The engine of a machine; None where it does not answer."""
        try:
            client = self.engine(name)
            client.ping()
        except (TargetError, DockerException, OSError):
            with contextlib.suppress(KeyError):
                self._clients.pop(name).close()
            return None
        return client

    def _kept(self, client: docker.DockerClient) -> docker.DockerClient:
        weakref.finalize(self, client.close)
        return client

    def _refuse_unnamed(self, nodes: list[Node]) -> None:
        names = [node.name for node in nodes]
        if len(set(names)) < len(names):
            raise ConfigurationError(f"Two nodes of the swarm have the same host name: {', '.join(names)}")
        if not self._named and len(nodes) == 1:
            host = self.environment.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
            self._names = {names[0]: host}
            return
        unnamed, unknown = sorted(set(names) - set(self._named)), sorted(set(self._named) - set(names))
        if unnamed or unknown:
            told = f"does not name {', '.join(unnamed)}" if unnamed else f"names {', '.join(unknown)}"
            raise ConfigurationError(
                f"The swarm has the nodes {', '.join(names)}, and STEHAUF_SWARM_NODES {told}: what happens on a "
                "machine whose engine cannot be asked could not be proved. Name each (name=unix:///... or name=tcp://...)"
            )
        self._names = dict(self._named)


def require_image(engines: Engines, node: str, image: str, undone: str, by: str) -> str:
    """Refuse a node without the image, which would refuse its task after the fact, and in other words; gives its id.

    `undone` says what was not begun, `by` what makes the image. Raises TargetError.
    """
    try:
        with asked(f"look for the image {image} on {node}"):
            return str(engines.engine(node).images.get(image).id)
    except TargetError as error:
        if not isinstance(error.__cause__, ImageNotFound):
            raise
        raise TargetError(
            f"The node {node} does not have the image {image}, and {undone}. Make it ({by}) and copy it: "
            f"docker save {image} | docker -H {engines.endpoints()[node]} load"
        ) from error


def unavailable(name: str) -> TargetUnavailable:
    """The error for a machine whose engine must answer and does not."""
    return TargetUnavailable(f"The engine of the node {name} does not answer; nothing was done. See that it runs")
