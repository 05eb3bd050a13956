"""Read a Compose file for processes.

What has a meaning for a process is read, what has none is listed here, and any other key is refused by name, so
that no part of a description is silently left out.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, get_args

import yaml

from probes.errors import ConfigurationError
from probes.targets.embedded.fields import (
    depends_on,
    duration_s,
    health_check,
    mapping,
    ports,
    refuse_unknown,
    text_list,
)
from probes.targets.embedded.identity import MARKER
from probes.targets.embedded.interpolate import interpolated_tree
from probes.targets.embedded.overlay import laid_over
from probes.targets.embedded.plan import Plan, Process

__all__ = ["Place", "read_compose", "service_variables"]

_TOP = frozenset({"name", "services", "volumes", "networks"})
_READ = frozenset(
    {
        "command",
        "environment",
        "ports",
        "depends_on",
        "healthcheck",
        "restart",
        "volumes",
        "build",
        "image",
        "profiles",
        "stop_grace_period",
    }
)
_MEANINGLESS = frozenset(
    {
        "init",
        "read_only",
        "cap_drop",
        "security_opt",
        "tmpfs",
        "user",
        "networks",
        "expose",
        "extra_hosts",
        "labels",
        "logging",
        "cpus",
        "mem_limit",
        "mem_reservation",
        "memswap_limit",
        "pids_limit",
    }
)
"""For a container only: a process of this user has no image, no namespaces and no limits of its own."""
_RESTARTS = get_args(Process.__annotations__["restart"])
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER")
"""Of the caller's environment a service sees these, as a container sees none of it: no proxy for loopback, no
PYTHONDONTWRITEBYTECODE (without .pyc files a service starts two and a half times slower)."""


def service_variables(names: list[str], volumes: list[str], data: Path) -> dict[str, str]:
    """The variables that move a stack from containers to this machine: hosts, the listening address, data."""
    hosts = {f"{_upper(name)}_HOST": "127.0.0.1" for name in names}
    return {**hosts, **{_upper(name): str(data / name) for name in volumes}, "LISTEN_HOST": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the processes are to run."""

    variables: Mapping[str, str]
    """The caller's environment: fills the Compose file."""
    state: Path
    """The state folder; named volumes become folders in its `data`."""
    programs: str
    """The folder that comes first on PATH."""


def read_compose(path: Path, project: str, place: Place, overlays: Sequence[Path] = ()) -> Plan:
    """The plan of a Compose file, with others laid over it.

    Raises ConfigurationError that names the service and the key.
    """
    raw = reduce(laid_over, map(_load, overlays), _load(path))
    names = [str(name) for name in raw["services"]]
    volumes = [str(name) for name in raw.get("volumes") or {}]
    given = {**place.variables, **service_variables(names, volumes, place.state / "data")}
    services = interpolated_tree(raw["services"], given)
    processes = [
        _process(name, service or {}, path.parent, place, frozenset(volumes))
        for name, service in services.items()
        if not (service or {}).get("profiles")
    ]
    return Plan(project, tuple(_in_order(processes)))


def _load(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The Compose file {path} could not be read: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("services"), dict) or not raw["services"]:
        raise ConfigurationError(f"The Compose file {path} declares no services.")
    refuse_unknown(raw, {*_TOP, *(key for key in raw if str(key).startswith("x-"))}, str(path))
    return raw


def _process(name: str, service: dict[str, Any], directory: Path, place: Place, volumes: frozenset[str]) -> Process:
    where = f"service {name}"
    extensions = {key for key in service if str(key).startswith("x-")}
    refuse_unknown(service, _READ | _MEANINGLESS | extensions, where)
    declared = _environment(service.get("environment"), place.variables, where)
    _refuse_mounts(service.get("volumes"), volumes, where)
    build = service.get("build", ".")
    context = build.get("context", ".") if isinstance(build, dict) else build
    return Process(
        service=name,
        command=_command(service, where),
        directory=str((directory / str(context)).resolve()),
        environment=tuple(sorted({**_inherited(place), **declared}.items())),
        declared=tuple(sorted(declared)),
        restart=_restart(service.get("restart", "no"), where),
        stop_grace_s=duration_s(service.get("stop_grace_period", "10s"), f"{where}, stop_grace_period"),
        image=str(service.get("image", "")),
        ports=ports(service.get("ports"), where),
        depends_on=depends_on(service.get("depends_on"), where),
        check=health_check(service.get("healthcheck"), where),
    )


def _inherited(place: Place) -> dict[str, str]:
    """What every service sees besides what the file declares; the marker is its label."""
    found = {name: place.variables[name] for name in _INHERITED if name in place.variables}
    path = f"{place.programs}:{found.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    return {**found, "PATH": path, "PYTHONUNBUFFERED": "1", MARKER: str(place.state)}


def _command(service: dict[str, Any], where: str) -> tuple[str, ...]:
    command = service.get("command")
    if not command:
        raise ConfigurationError(f"{where}: command is missing, and a process has no image to take it from.")
    return tuple(shlex.split(command)) if isinstance(command, str) else text_list(command, f"{where}, command")


def _environment(value: Any, variables: Mapping[str, str], where: str) -> dict[str, str]:
    found = mapping(value, f"{where}, environment")
    texts = {name: variables.get(name) if item is None else _text(item) for name, item in found.items()}
    return {name: item for name, item in texts.items() if item is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _restart(value: Any, where: str) -> Any:
    # YAML reads an unquoted `no` as false.
    policy = "no" if value is False else value
    if policy not in _RESTARTS:
        raise ConfigurationError(
            f"{where}: restart is {policy!r}; the embedded target carries {', '.join(_RESTARTS)}. "
            f"For others use STEHAUF_TARGET=docker."
        )
    return policy


def _refuse_mounts(value: Any, volumes: frozenset[str], where: str) -> None:
    for volume in value or []:
        if not isinstance(volume, str) or volume.split(":", maxsplit=1)[0] not in volumes:
            raise ConfigurationError(
                f"{where}: volumes has {volume!r}; a process can only be given named volumes (by their variable)."
            )


def _in_order(processes: list[Process]) -> list[Process]:
    """Sorted so that each comes after what it depends on; refuses circles and unknown names."""
    known, done, ordered = {process.service: process for process in processes}, set[str](), list[Process]()

    def visit(process: Process, above: tuple[str, ...]) -> None:
        if process.service in above:
            raise ConfigurationError(f"depends_on goes round in a circle: {' -> '.join((*above, process.service))}.")
        for name, condition in process.depends_on:
            other = known.get(name)
            if other is None or (condition == "service_healthy" and other.check is None):
                lacks = "is not declared" if other is None else "has no health check"
                raise ConfigurationError(f"service {process.service}: depends_on names {name}, which {lacks}.")
            visit(other, (*above, process.service))
        if process.service not in done:
            done.add(process.service)
            ordered.append(process)

    for process in processes:
        visit(process, ())
    return ordered


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
