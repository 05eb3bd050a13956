"""The seam between an experiment and what it breaks: frozen values, and one small Protocol a capability.

Services are what an experiment names; an instance is one running copy of a service (a container, a process).
All times are UTC in integer nanoseconds since the epoch.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

__all__ = [
    "Crashable",
    "Event",
    "EventKind",
    "EventSink",
    "Health",
    "HostKnown",
    "Inspectable",
    "Instance",
    "Mendable",
    "Pausable",
    "Service",
    "Stack",
    "State",
    "Stoppable",
    "System",
    "Target",
    "Watchable",
]

State = Literal["running", "paused", "restarting", "stopped", "created"]
"""`stopped` covers every way of not running that the restart policy will not end by itself."""

Health = Literal["healthy", "unhealthy", "starting", "none"]
"""`none`: the service declares no health check."""

EventKind = Literal["start", "kill", "die", "stop", "pause", "resume", "oom", "health"]
"""`kill` is a signal sent through the target's own front door (an operator's `docker kill` or `docker stop`),
`die` the end of the process, whatever the reason. A `die` without a `kill` before it is a crash."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One running copy of a service, as the target reports it now."""

    service: str
    id: str
    """Stable over restarts: the container's id; on the embedded target the watcher's name, in a swarm the slot."""
    state: State
    health: Health
    restart_count: int
    """Restarts that the restart policy made, as the target counts them."""
    started_ns: int | None
    pid: int | None
    exit_code: int | None
    """Of the last end, 128 + n for signal n; None while it never ended."""
    node: str = ""
    """The machine on which it runs, where there are several; else empty."""
    task: str = ""
    """In a swarm the id of the task that runs it: a restart is a new task. Else empty."""
    replaces: str = ""
    """In a swarm the id of the task before that one; empty for the first."""
    ended_as: str = ""
    """In a swarm how the task before ended, in the manager's words: failed, shutdown, complete ..."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change that the target itself reported."""

    at_ns: int
    """When it happened, by the target's clock."""
    seen_ns: int
    """When we received it."""
    service: str
    instance: str
    kind: EventKind
    exit_code: int | None = None
    """For `die`: 128 + n for signal n."""
    signal: int | None = None
    """For `kill`: the signal's number."""
    health: Health | None = None
    """For `health`: the new state."""
    node: str = ""
    """The machine whose engine reported it, where there are several; else empty."""
    task: str = ""
    """In a swarm the id of the task; else empty."""


EventSink = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is declared: what a report shows of the system under test."""

    name: str
    restart: str
    """The restart policy in Compose's words: no, always, on-failure[:n], unless-stopped."""
    image: str
    digest: str
    """Content address of the image; on the embedded target a SHA-256 of the service's files."""
    healthcheck: str
    """The command, or an empty string where there is none."""
    health_interval_s: float | None
    """Seconds between health checks: the resolution of every `healthy`."""
    ports: tuple[str, ...]
    """`127.0.0.1:8080` and the like: where the host reaches it."""
    depends_on: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """Only what does not look like a secret; values of others read `***`."""


@dataclass(frozen=True, slots=True)
class System:
    """The system under test."""

    target: str
    project: str
    engine: str
    """Name and version of what runs it: `Docker 26.1.5`, `Stehauf 0.1.0 supervisor`."""
    services: tuple[Service, ...] = field(default=())


@runtime_checkable
class Inspectable(Protocol):
    """Knows what is there."""

    def services(self) -> tuple[str, ...]:
        """Names of the services, sorted. Raises TargetUnavailable."""

    def instances(self, service: str) -> tuple[Instance, ...]:
        """The copies of a service, oldest first. Raises UnknownService, TargetUnavailable."""

    def describe(self) -> System:
        """The system under test as declared."""


@runtime_checkable
class Watchable(Protocol):
    """Reports changes as they happen."""

    def watch(self, sink: EventSink, failed: Callable[[str], None]) -> AbstractContextManager[None]:
        """Call `sink` from a thread of its own for each event, in order, until the context ends.

        When it has been entered, no later event is missed. `failed` is called once, with a sentence, when the
        stream breaks: what happens after it is unknown.
        """


@runtime_checkable
class Crashable(Protocol):
    """Can make a process die by itself."""

    def crash(self, instance: Instance) -> None:
        """End every process of the instance so that its target takes it for a crash, not for an operator's kill.

        Returns when the target has taken the order, not when the process is gone: the proof is the event.
        Raises NotOurs, TargetError.
        """


@runtime_checkable
class Mendable(Protocol):
    """Can have an instance that is down or frozen run again: what bringing back needs, whoever broke it."""

    def start(self, instance: Instance) -> None:
        """Start a stopped instance; no-op where it runs. Raises NotOurs, TargetError."""

    def resume(self, instance: Instance) -> None:
        """Thaw; no-op where it is not paused. Raises NotOurs, TargetError."""


@runtime_checkable
class Stoppable(Protocol):
    """Can stop and start as an operator does: the restart policy does not act."""

    def stop(self, instance: Instance) -> None:
        """Stop and wait until it is gone (SIGTERM, then SIGKILL after 10 s). Raises NotOurs, TargetError."""

    def start(self, instance: Instance) -> None:
        """Start a stopped instance; no-op where it runs. Raises NotOurs, TargetError."""


@runtime_checkable
class Pausable(Protocol):
    """Can freeze every process of an instance."""

    def pause(self, instance: Instance) -> None:
        """Freeze: connections stay open, nothing answers. Raises NotOurs, TargetError."""

    def resume(self, instance: Instance) -> None:
        """Thaw; no-op where it is not paused. Raises NotOurs, TargetError."""


@runtime_checkable
class HostKnown(Protocol):
    """Knows where its services reach this machine, beside loopback."""

    def host_addresses(self) -> tuple[str, ...]:
        """Addresses of this machine that only its own services and processes reach. Raises TargetUnavailable."""


@runtime_checkable
class Stack(Protocol):
    """Can bring the project up and take it down."""

    @property
    def is_own(self) -> bool:
        """Whether this is the stack that we ship; only that is brought up unasked."""

    def is_up(self) -> bool:
        """Whether any instance of the project exists. Raises TargetUnavailable."""

    def up(self, progress: Callable[[str], None]) -> None:
        """Bring everything up and wait until it is healthy; on failure take it down again.

        `progress` gets a short sentence for each thing that happens. Raises TargetError with the reason
        (a port that is taken, an image that cannot be made, a service that does not get healthy).
        """

    def down(self) -> None:
        """Take everything down, with its data; no-op where it is not up. Raises TargetError."""


class Target(Inspectable, Watchable, Crashable, Mendable, Stack, Protocol):
    """What every target can do. Code that needs less asks for less; what only some can do is asked of them by name."""

    name: str
    """`docker`, `embedded`, `swarm` or `memory`."""
    project: str
