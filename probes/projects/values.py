"""A Compose project as it was found: frozen values."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Part", "Port", "Project"]


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port that a service publishes."""

    host: str
    """Address at which this machine reaches it."""
    port: int
    inner: int
    """The port inside the container."""
    moves: bool = False
    """The engine chose it, and chooses another one at each start: what is written down of it is soon wrong."""

    @property
    def url(self) -> str:
        """As a browser would be given it; whether it speaks HTTP, only asking shows."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Part:
    """One service."""

    name: str
    image: str
    restart: str
    """The restart policy in Compose's words: no, always, on-failure[:n], unless-stopped."""
    healthcheck: str
    """The command, or an empty string where there is none."""
    interval_s: float | None
    """Seconds between health checks; None where there is none."""
    published: tuple[Port, ...]
    inner: tuple[int, ...]
    """TCP ports that it publishes or that its image exposes."""
    depends_on: tuple[str, ...]
    has_init: bool
    has_memory_limit: bool
    shares: str
    """What of the host or of another service it shares and a fault would hit: `network host`, `pid host`; or empty."""
    is_task: bool
    """Others wait for it to end: it is no service that could come back."""
    has_moving_port: bool = False
    """It publishes a port of which only the engine knows where, once it runs."""
    states: tuple[str, ...] = ()
    """Of each container: `running, healthy` and the like; empty: it does not run."""

    @property
    def comes_back(self) -> bool:
        """Whether a restart policy acts when it crashes."""
        return self.restart.partition(":")[0] in {"always", "unless-stopped", "on-failure", "any"}


@dataclass(frozen=True, slots=True)
class Project:
    """All of it."""

    name: str
    files: tuple[Path, ...]
    """Its Compose files, where they are known."""
    parts: tuple[Part, ...]
    is_running: bool

    def part(self, name: str) -> Part | None:
        """A service by its name."""
        return next((part for part in self.parts if part.name == name), None)

    def callers(self, name: str) -> tuple[str, ...]:
        """Services that need it, by what they declare, directly or past others and tasks."""
        found: set[str] = set()
        while more := {one.name for one in self.parts if {name, *found} & {*one.depends_on}} - found:
            found |= more
        return tuple(sorted(one.name for one in self.parts if one.name in found and not one.is_task))
