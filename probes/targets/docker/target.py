"""The Docker target: one Compose project, found by its labels, changed through the SDK."""

import contextlib
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import docker
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from probes.errors import NotOurs, StackNotUp, TargetError, UnknownService
from probes.targets.api import EventSink, Instance, System
from probes.targets.docker.compose import Compose, stream
from probes.targets.docker.containers import (
    PROJECT,
    SERVICE,
    addresses_of,
    instance_of,
    labels_of,
    service_of,
    services_among,
)
from probes.targets.docker.crash import crash_container
from probes.targets.docker.disks import Disks
from probes.targets.docker.disturbing import Networked
from probes.targets.docker.engine import asked, connect, engine_host, require_compose
from probes.targets.docker.events import watching
from probes.targets.docker.filling import Filled
from probes.targets.docker.freezing import freeze, thaw
from probes.targets.docker.limits import Limited
from probes.targets.docker.network import bridge_addresses

__all__ = ["DockerTarget"]

_ONE_OFF = "com.docker.compose.oneoff"
_STOP_S = 10


class DockerTarget(Networked, Limited, Filled):
    """A Compose project.

    With `compose_files`, each laid over those before it, it is our own stack, which may be brought up; without, a
    user's own that runs already.
    `prepare` is a command that makes the image before `up`; `environment` is Compose's (None: this process' own).
    """

    name = "docker"

    def __init__(
        self,
        project: str,
        *compose_files: Path,
        prepare: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 8.0,
    ) -> None:
        self.project = project
        self.is_own = bool(compose_files)
        self._compose = Compose(project, compose_files, environment) if compose_files else None
        self._prepare = tuple(prepare)
        self._environment = environment
        self._timeout_s = timeout_s
        self._client: docker.DockerClient | None = None
        self._declared: tuple[str, ...] | None = None
        self._confined: tuple[str, ...] = ()

    def services(self) -> tuple[str, ...]:
        """Names of the services: those that have containers, else those that our Compose file declares.

        What `services_among` leaves out is no part of the system that runs.
        """
        found = services_among([container.attrs for container in self._containers()])
        if found or self._compose is None:
            return found
        if self._declared is None:
            self._declared = tuple(sorted(self._compose.config()["services"]))
        return self._declared

    def instances(self, service: str) -> tuple[Instance, ...]:
        """Every copy of a service, oldest first."""
        found = [container.attrs for container in self._containers(f"{SERVICE}={service}")]
        if not found and service not in (there := self.services()):
            raise UnknownService(
                f"The project {self.project} has no service {service!r}; it has {', '.join(there) or 'none at all'}."
            )
        return tuple(instance_of(attributes) for attributes in sorted(found, key=lambda each: str(each["Created"])))

    def describe(self) -> System:
        """The system under test as its containers declare it."""
        containers = self._containers()
        if not containers:
            raise StackNotUp(self._nothing_there())
        with asked("tell its version"):
            version = self._engine().version()["Version"]
        services = {labels_of(each.attrs)[SERVICE]: service_of(each.attrs) for each in containers}
        return System(self.name, self.project, f"Docker {version}", tuple(services[name] for name in sorted(services)))

    def host_addresses(self) -> tuple[str, ...]:
        """The engine's own bridge, which containers know as host.docker.internal."""
        return bridge_addresses(self._engine())

    def watch(self, sink: EventSink, failed: Callable[[str], None]) -> AbstractContextManager[None]:
        """Follow the engine's events on a connection of its own."""
        return watching(connect(self._timeout_s, self._environment), self.project, sink, failed)

    def crash(self, instance: Instance) -> None:
        """Kill all its processes from inside; never through the engine's front door."""
        container = self._ours(instance)
        with asked(f"crash {instance.service}"):
            crash_container(self._engine(), container)

    def signal(self, instance: Instance, number: int) -> None:
        """To all its processes, from inside."""
        container = self._ours(instance)
        with asked(f"send signal {number} to {instance.service}"):
            crash_container(self._engine(), container, number)

    def stopped_processes(self, instance: Instance) -> int:
        """As the engine's own list of them shows; none where it does not run, or is frozen as a whole."""
        container = self._ours(instance)
        if container.status != "running":
            return 0
        with asked(f"list the processes of {instance.service}"):
            listed = container.top(ps_args="-eo pid,stat")
        return sum(state.startswith("T") for _, state in listed["Processes"])

    def addresses(self, instance: Instance) -> tuple[tuple[str, int], ...]:
        """Its own address in its network, past the engine's proxy; what is published, where that is elsewhere."""
        return addresses_of(self._ours(instance).attrs, local=engine_host(self._environment).startswith("unix:"))

    def stop(self, instance: Instance) -> None:
        """SIGTERM, and SIGKILL after 10 s."""
        container = self._ours(instance)
        with asked(f"stop {instance.service}"):
            container.stop(timeout=_STOP_S)

    def start(self, instance: Instance) -> None:
        """Start a stopped container; no-op where it runs."""
        container = self._ours(instance)
        if container.status not in {"running", "paused"}:
            with asked(f"start {instance.service}"):
                container.start()

    def pause(self, instance: Instance) -> None:
        """Freeze it; no-op where it is frozen."""
        container = self._ours(instance)
        if container.status != "paused":
            with asked(f"pause {instance.service}"):
                freeze(container)

    def resume(self, instance: Instance) -> None:
        """Thaw it; no-op where it is not frozen."""
        container = self._ours(instance)
        if container.status == "paused":
            with asked(f"resume {instance.service}"):
                thaw(container)

    def is_up(self) -> bool:
        """Whether the project has any container."""
        return bool(self._containers())

    def strays(self) -> tuple[tuple[str, str], ...]:
        """What disturbs networks, and what fills volumes."""
        return (*super().strays(), *self.stray_files())

    def sweep(self) -> tuple[str, ...]:
        """All of it."""
        return (*super().sweep(), *self.sweep_files())

    def confine(self, services: tuple[str, ...]) -> None:
        """Their named volumes, at the next `up` of a project that is not up."""
        self._confined = services

    def up(self, progress: Callable[[str], None]) -> None:
        """Make the image, check the ports, bring all up; on failure take down what this call brought up."""
        compose = self._own()
        require_compose(self._environment)
        was_up = self.is_up()
        if not was_up:
            compose.refuse_taken_ports()
        self._make_image(progress)
        if self._confined and not was_up:
            self._make_disks(progress)
        try:
            compose.up(progress)
        except TargetError as error:
            reason = self._unhealthy() or str(error)
            if not was_up:
                try:
                    self.down()
                except TargetError as left:
                    reason += f" And what had been started is still there: {left}"
            raise TargetError(reason) from error
        except BaseException:
            if not was_up:
                with contextlib.suppress(TargetError):
                    self.down()
                    # The engine may still have been making a container that Compose had asked it for.
                    if self._containers():
                        self.down()
            raise

    def down(self) -> None:
        """Take our own project down with its volumes."""
        compose = self._own()
        require_compose(self._environment)
        self._helpers().end_all()
        compose.down()
        self._disks().remove()

    def _disks(self) -> Disks:
        return Disks(self._engine(), self.project, self._helpers())

    def _make_image(self, progress: Callable[[str], None]) -> None:
        if self._prepare:
            code, lines = stream(self._prepare, progress, self._environment)
            if code != 0:
                raise TargetError(
                    f"The image could not be made ({' '.join(self._prepare)} ended with {code}): "
                    f"{lines[-1] if lines else 'it said nothing'}"
                )

    def _make_disks(self, progress: Callable[[str], None]) -> None:
        volumes = self._own().volumes(self._confined)
        progress(f"making a disk of a fixed size for {', '.join(volumes) or 'nothing: no named volume'}")
        if volumes:
            self._disks().make(volumes)

    def _own(self) -> Compose:
        if self._compose is None:
            raise StackNotUp(self._nothing_there() + " It is not ours to bring up or take down.")
        return self._compose

    def _nothing_there(self) -> str:
        return (
            f"The Compose project {self.project} has no containers: start it with "
            f"`docker compose -p {self.project} up -d`."
        )

    def _engine(self) -> docker.DockerClient:
        if self._client is None:
            self._client = connect(self._timeout_s, self._environment)
            weakref.finalize(self, self._client.close)
        return self._client

    def _containers(self, *labels: str) -> list[Container]:
        wanted = [f"{PROJECT}={self.project}", f"{_ONE_OFF}=False", *labels]
        with asked(f"list the containers of {self.project}"):
            return list(self._engine().containers.list(all=True, filters={"label": wanted}, ignore_removed=True))

    def _ours(self, instance: Instance) -> Container:
        """The container as it is now. Raises NotOurs unless it carries the project's label."""
        try:
            with asked(f"look at {instance.id[:12]}"):
                container = self._engine().containers.get(instance.id)
        except TargetError as error:
            if not isinstance(error.__cause__, NotFound):
                raise
            raise NotOurs(f"There is no container {instance.id!r}; nothing was done.") from error
        project = labels_of(container.attrs).get(PROJECT)
        if project != self.project or not labels_of(container.attrs).get(SERVICE):
            belongs = f"belongs to the Compose project {project}" if project else "carries no Compose label"
            raise NotOurs(
                f"The container {container.name} {belongs}, not to {self.project}: it is outside the blast radius, "
                f"and nothing was done to it."
            )
        return container

    def _unhealthy(self) -> str | None:
        """The first service that is not well, with its last log line; None where all are or nobody can tell."""
        try:
            for container in self._containers():
                seen = instance_of(container.attrs)
                if seen.state != "running" or seen.health in {"unhealthy", "starting"}:
                    log = container.logs(tail=1).decode(errors="replace").strip() or "(nothing)"
                    ended = "" if seen.exit_code is None else f", last exit code {seen.exit_code}"
                    if seen.state == "created":
                        continue
                    return (
                        f"The service {seen.service} did not get healthy: {seen.state}, {seen.health}{ended}; its last "
                        f"log line is: {log}"
                    )
        except (TargetError, DockerException):
            pass
        return None
