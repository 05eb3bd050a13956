"""Containers on nodes of a swarm, in the network of the stack, for a load to run in."""

import contextlib
import io
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import DockerException, NotFound
from docker.models.containers import Container
from docker.types import EndpointSpec, RestartPolicy

from probes.errors import ConfigurationError, StehaufError, TargetError
from probes.targets.docker.engine import asked
from probes.targets.swarm.engines import Engines, require_image
from probes.targets.swarm.tasks import NAMESPACE

__all__ = ["LABEL", "Place", "Places", "archive", "places_of", "remove_places"]

LABEL = "stehauf.load"
"""Of a service that is a load's; its value is the stack's name. None of the stack's own: no fault finds it."""
_STARTED_S = 20.0
_GONE_S = 10.0
_EVERY_S = 0.1
_MOST_S = 7200
"""Seconds after which a container ends by itself, should nobody be left to remove it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One of them."""

    node: str
    name: str
    """By which the others in the network reach it."""
    container: Container

    def put(self, archive: bytes) -> None:
        """Unpack a tar archive at its root. Raises TargetError."""
        with asked(f"copy the load to {self.node}"):
            self.container.put_archive("/", archive)


class Places:
    """All those of one load; removed with `close`."""

    def __init__(self, engines: Engines, project: str) -> None:
        self._engines = engines
        self._project = project
        self._made: list[Any] = []

    def open(self, nodes: Sequence[str], image: str, host: str) -> tuple[Place, ...]:
        """One on each node, in the networks of the service that is known there as `host`, each running.

        Raises ConfigurationError for a node or a host that there is not, TargetError.
        """
        known = ", ".join(sorted(self._engines.endpoints()))
        if unknown := sorted(set(nodes) - set(self._engines.endpoints())):
            raise ConfigurationError(
                f"The argument load.nodes of probes.control names {', '.join(unknown)}; the swarm has {known}"
            )
        networks = self._networks_of(host)
        self._require_one_image(nodes, image)
        remove_places(self._engines, self._project)
        names = [f"{LABEL.replace('.', '-')}-{self._project}-{number}" for number in range(1, len(nodes) + 1)]
        for node, name in zip(nodes, names, strict=True):
            self._create(node, name, image, networks)
        deadline = time.monotonic() + _STARTED_S
        return tuple(self._wait_for(node, name, deadline) for node, name in zip(nodes, names, strict=True))

    def close(self) -> None:
        """Remove those that were made here, and wait until they are gone. Raises TargetError."""
        _remove(self._engines, self._project, self._made)

    def _require_one_image(self, nodes: Sequence[str], image: str) -> None:
        found = {
            node: require_image(self._engines, node, image, "no load was started", "stack/image --load")
            for node in nodes
        }
        if len(set(found.values())) > 1:
            told = ", ".join(f"{node} {id_.removeprefix('sha256:')[:12]}" for node, id_ in found.items())
            raise TargetError(
                f"The nodes of the load have different images {image} ({told}), and no load was started: its workers "
                f"are to be one program. Copy one to each: docker save {image} | docker -H ENDPOINT load"
            )

    def _networks_of(self, host: str) -> list[str]:
        with asked(f"list the services of {self._project}"):
            found = self._engines.api().services(filters={"label": f"{NAMESPACE}={self._project}"})
        names: list[str] = []
        for raw in found:
            attached = raw["Spec"]["TaskTemplate"].get("Networks") or []
            own = {raw["Spec"]["Name"], *(alias for one in attached for alias in one.get("Aliases") or [])}
            if host in own:
                return [one["Target"] for one in attached]
            names += own
        raise ConfigurationError(
            f"The argument load.inside of probes.control names the host {host!r}, and no service of the stack "
            f"{self._project} is known by that; known are {', '.join(sorted(names)) or 'none'}"
        )

    def _create(self, node: str, name: str, image: str, networks: list[str]) -> None:
        services: Any = self._engines.manager().services  # the SDK has no types for them
        with asked(f"make a place for the load on {node}"):
            made = services.create(
                image,
                command=["sleep", str(_MOST_S)],
                name=name,
                labels={LABEL: self._project},
                container_labels={LABEL: self._project},
                constraints=[f"node.hostname=={node}"],
                networks=networks,
                endpoint_spec=EndpointSpec(mode="dnsrr"),
                restart_policy=RestartPolicy(condition="none"),
                init=True,
            )
        self._made.append(made)

    def _wait_for(self, node: str, name: str, deadline: float) -> Place:
        while time.monotonic() < deadline:
            with asked(f"find the place of the load on {node}"):
                there = self._engines.engine(node).containers.list(
                    filters={"label": f"com.docker.swarm.service.name={name}"}, ignore_removed=True
                )
            if there:
                return Place(node, name, there[0])
            time.sleep(_EVERY_S)
        with asked(f"say why the load has no place on {node}"):
            said = [task["Status"].get("Err") for task in self._engines.api().tasks(filters={"service": name})]
        why = next((each for each in said if each), "its task does not run")
        raise TargetError(f"The load got no place on {node} within {_STARTED_S:g} s: {why}")


def places_of(engines: Engines, project: str) -> list[Any]:
    """The services of a load on a stack: of one that runs, or of one that was killed. Raises TargetUnavailable."""
    with asked("list the places of a load"):
        found: list[Any] = engines.manager().services.list(filters={"label": f"{LABEL}={project}"})
    return found


def remove_places(engines: Engines, project: str) -> tuple[str, ...]:
    """Remove all of them, and wait until they are gone; their names. Raises TargetError."""
    services = places_of(engines, project)
    _remove(engines, project, services)
    return tuple(str(service.name) for service in services)


def _remove(engines: Engines, project: str, services: Sequence[Any]) -> None:
    ids = {service.id for service in services}
    for service in services:
        with asked("remove a place of a load"), contextlib.suppress(NotFound):
            service.remove()
    deadline = time.monotonic() + _GONE_S
    while ids and (left := _left(engines, f"{LABEL}={project}", ids, deadline)):
        if time.monotonic() > deadline:
            raise TargetError(f"The load's services were removed, and these containers are still there: {left}")
        time.sleep(_EVERY_S)


def _left(engines: Engines, label: str, services: set[str], deadline: float) -> str:
    found: list[str] = []
    for name in engines.endpoints():
        client = engines.reachable(name) if time.monotonic() < deadline else None
        with contextlib.suppress(DockerException, StehaufError):  # a machine that is gone has taken its own with it
            there: list[Any] = client.containers.list(filters={"label": label}, ignore_removed=True) if client else []
            mine = [one for one in there if one.labels.get("com.docker.swarm.service.id") in services]
            found += [f"{one.name} on {name}" for one in mine]
    return ", ".join(found)


def archive(files: dict[str, Path]) -> bytes:
    """Files as a tar archive, by their paths in it; everybody may read them."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, path in files.items():
            data = path.read_bytes()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()
