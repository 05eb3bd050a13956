"""A target in memory: the same contract, at once and without anything running. For tests; runs refuse it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from probes.errors import NotOurs, TargetError, UnknownService
from probes.targets.api import Event, EventKind, EventSink, Instance, Service, System

__all__ = ["MemoryTarget", "Misbehaviour"]


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What a test wants to go wrong."""

    restarts: bool = True
    """False: the restart policy does not act."""
    kills_instead: bool = False
    """A crash goes through the front door, as `docker kill` does: no receipt may accept it."""
    heals: bool = True
    """False: what comes back is unhealthy."""


@dataclass(slots=True)
class MemoryTarget:
    """Services that are values; every change is told to the sinks before the call returns.

    `clock` gives nanoseconds and is called once an event.
    """

    clock: Callable[[], int]
    project: str = "memory"
    declared: tuple[str, ...] = ("echo", "other")
    misbehaviour: Misbehaviour = Misbehaviour()
    is_own: bool = True
    name: str = "memory"
    copies: int = 1
    """Instances of each service."""
    _instances: dict[str, Instance] = field(default_factory=dict)
    _sinks: list[tuple[EventSink, Callable[[str], None]]] = field(default_factory=list)
    _pids: int = 100

    def services(self) -> tuple[str, ...]:
        """Names of the services, sorted."""
        return tuple(sorted(self.declared))

    def instances(self, service: str) -> tuple[Instance, ...]:
        """Every copy of a service, while it is up."""
        if service not in self.declared:
            raise UnknownService(f"No service {service!r} in memory; there are {', '.join(self.services())}.")
        return tuple(each for each in self._instances.values() if each.service == service)

    def describe(self) -> System:
        """Services without images."""
        restart = "unless-stopped" if self.misbehaviour.restarts else "no"
        return System(
            self.name,
            self.project,
            "memory",
            tuple(Service(name, restart, "", "", "always", 1.0, ()) for name in self.services()),
        )

    @contextlib.contextmanager
    def watch(self, sink: EventSink, failed: Callable[[str], None]) -> Iterator[None]:
        """Tell the sink each change, in the thread that makes it."""
        self._sinks.append((sink, failed))
        try:
            yield
        finally:
            self._sinks.remove((sink, failed))

    def break_stream(self, why: str) -> None:
        """Tell every watcher that its stream broke."""
        for _, failed in self._sinks:
            failed(why)

    def crash(self, instance: Instance) -> None:
        """It dies, and its restart policy brings it back unless told to misbehave."""
        found = self._running(instance)
        if self.misbehaviour.kills_instead:
            self.kill(found)
            return
        dead = self._die(found, 137)
        if self.misbehaviour.restarts:
            self._live(replace(dead, restart_count=dead.restart_count + 1))

    def signal(self, instance: Instance, number: int) -> None:
        """It ends of the signal, and its restart policy brings it back."""
        dead = self._die(self._running(instance), 128 + number)
        if self.misbehaviour.restarts:
            self._live(replace(dead, restart_count=dead.restart_count + 1))

    def kill(self, instance: Instance) -> None:
        """An operator's kill: it stays down."""
        found = self._running(instance)
        self._tell(found, "kill", signal=9)
        self._die(found, 137)

    def stop(self, instance: Instance) -> None:
        """An operator's stop: it stays down."""
        found = self._ours(instance)
        if found.state == "stopped":
            return
        self._tell(found, "kill", signal=15)
        self._die(found, 143)
        self._tell(found, "stop")

    def start(self, instance: Instance) -> None:
        """Start it again; no-op where it runs."""
        found = self._ours(instance)
        if found.state == "stopped":
            self._live(found)

    def pause(self, instance: Instance) -> None:
        """Freeze it; no-op where it is frozen."""
        found = self._running(instance)
        if found.state == "running":
            self._instances[found.id] = replace(found, state="paused")
            self._tell(found, "pause")

    def resume(self, instance: Instance) -> None:
        """Thaw it; no-op where it is not frozen."""
        found = self._ours(instance)
        if found.state == "paused":
            self._instances[found.id] = replace(found, state="running")
            self._tell(found, "resume")

    def is_up(self) -> bool:
        """Whether any instance exists."""
        return bool(self._instances)

    def up(self, progress: Callable[[str], None]) -> None:
        """Every declared service, healthy."""
        for service in self.declared:
            progress(f"{service}: healthy")
            for id_ in [service, *(f"{service}-{number}" for number in range(2, self.copies + 1))]:
                self._live(Instance(service, id_, "created", "starting", 0, None, None, None))

    def down(self) -> None:
        """Nothing is left."""
        self._instances.clear()

    def answers(self, service: str) -> bool:
        """Whether a client would get an answer."""
        return any(each.state == "running" for each in self.instances(service))

    def _ours(self, instance: Instance) -> Instance:
        found = self._instances.get(instance.id)
        if found is None or found.service != instance.service:
            raise NotOurs(f"{instance.id!r} is not an instance of {self.project}; nothing was done to it.")
        return found

    def _running(self, instance: Instance) -> Instance:
        found = self._ours(instance)
        if found.state not in {"running", "paused"}:
            raise TargetError(f"{found.service} is {found.state}, not running.")
        return found

    def _die(self, instance: Instance, exit_code: int) -> Instance:
        dead = replace(instance, state="stopped", pid=None, exit_code=exit_code)
        self._instances[dead.id] = dead
        self._tell(dead, "die", exit_code=exit_code)
        return dead

    def _live(self, instance: Instance) -> None:
        self._pids += 1
        healthy = self.misbehaviour.heals or instance.started_ns is None
        alive = replace(instance, state="running", health="healthy" if healthy else "unhealthy", pid=self._pids)
        event = self._tell(alive, "start")
        self._instances[alive.id] = replace(alive, started_ns=event.at_ns)
        self._tell(alive, "health", health=alive.health)

    def _tell(self, instance: Instance, kind: EventKind, **details: object) -> Event:
        now = self.clock()
        event = Event(now, now, instance.service, instance.id, kind, **details)  # type: ignore[arg-type]
        for sink, _ in list(self._sinks):
            sink(event)
        return event
