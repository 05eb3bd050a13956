"""What the supervisor is to run: frozen values, written by the target and read by the supervisor as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Check", "Condition", "Plan", "Port", "Process", "plan_from_json", "plan_to_json"]

Condition = Literal["service_started", "service_healthy"]


@dataclass(frozen=True, slots=True)
class Check:
    """A health check in Compose's terms; all times in seconds."""

    command: tuple[str, ...]
    interval_s: float = 30.0
    timeout_s: float = 30.0
    retries: int = 3
    start_period_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Port:
    """Where the host reaches a service; the process listens there itself."""

    host: str
    number: int


@dataclass(frozen=True, slots=True)
class Process:
    """One service as a process."""

    service: str
    command: tuple[str, ...]
    directory: str
    environment: tuple[tuple[str, str], ...]
    """All that the process sees, sorted."""
    declared: tuple[str, ...]
    """Names of those variables that the Compose file declares."""
    restart: Literal["no", "always", "unless-stopped"]
    stop_grace_s: float
    image: str
    ports: tuple[Port, ...] = ()
    depends_on: tuple[tuple[str, Condition], ...] = ()
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All processes of a project."""

    project: str
    processes: tuple[Process, ...]


def plan_to_json(plan: Plan) -> str:
    """The plan as JSON text."""
    return json.dumps(asdict(plan))


def plan_from_json(path: Path) -> Plan:
    """The plan that `plan_to_json` wrote."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return Plan(project=read["project"], processes=tuple(_process(item) for item in read["processes"]))


def _process(read: dict[str, Any]) -> Process:
    check = read.pop("check")
    return Process(
        service=read["service"],
        command=tuple(read["command"]),
        directory=read["directory"],
        environment=tuple((name, value) for name, value in read["environment"]),
        declared=tuple(read["declared"]),
        restart=read["restart"],
        stop_grace_s=read["stop_grace_s"],
        image=read["image"],
        ports=tuple(Port(**port) for port in read["ports"]),
        depends_on=tuple((name, condition) for name, condition in read["depends_on"]),
        check=None if check is None else Check(**{**check, "command": tuple(check["command"])}),
    )
