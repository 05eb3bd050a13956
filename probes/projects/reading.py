"""Find a Compose project: by its labels where it runs, else by its file."""

import contextlib
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docker

from probes.errors import ConfigurationError, StackNotUp, TargetError
from probes.projects.values import Part, Port, Project
from probes.targets.docker.containers import (
    PROJECT,
    SERVICE,
    exposed_ports,
    instance_of,
    is_finished_task,
    labels_of,
    moving_ports,
    published_ports,
    service_of,
    tasks_among,
)
from probes.targets.docker.engine import asked, connect, local_alone, require_compose
from probes.targets.embedded.fields import duration_s
from probes.targets.values import check_command

__all__ = ["from_engine", "from_file"]

_ENGINE_S = 8.0
_CONFIG_S = 30.0
_FILES = "com.docker.compose.project.config_files"
_FOLDER = "com.docker.compose.project.working_dir"
_UNSET = re.compile(r'The \\?"(\w+)\\?" variable is not set')
_REMOTE = re.compile(r"(?:git|oci) remote resource")
_ANYWHERE = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104 - what the engine says, not what is bound


def from_engine(name: str, environment: Mapping[str, str]) -> Project:
    """The project as it runs. Raises TargetUnavailable, and StackNotUp, which lists the projects that there are."""
    with contextlib.closing(connect(_ENGINE_S, environment)) as client:
        found = _containers(client, f"{PROJECT}={name}")
        if not found:
            there = sorted({labels_of(one)[PROJECT] for one in _containers(client, PROJECT)} - {""})
            raise StackNotUp(
                f"No container on this engine belongs to a Compose project {name!r}; there are: "
                f"{', '.join(there) or 'none'}. Start it (`docker compose up -d --wait`), or name its file with --file"
            )
    tasks = tasks_among(found)
    names = sorted({labels_of(one)[SERVICE] for one in found})
    of = {name: [one for one in found if labels_of(one)[SERVICE] == name] for name in names}
    parts = tuple(_running(of[name], is_task=name in tasks) for name in names)
    return Project(name, _files(found[0]), parts, is_running=True)


def from_file(path: Path, environment: Mapping[str, str]) -> Project:
    """The project that a Compose file declares, as Docker Compose reads it; as it runs, where it does.

    Raises ConfigurationError where there is no file, TargetError where Compose refuses it, TargetUnavailable.
    """
    if not path.is_file():
        raise ConfigurationError(f"There is no file {path}: give the path of a Compose file")
    read = _config(path, environment)
    name = str(read.get("name") or "")
    with contextlib.suppress(TargetError):  # no engine, or not up: then as declared
        running = from_engine(name, environment)
        return Project(name, (path,), running.parts, is_running=True)
    services: dict[str, dict[str, Any]] = {key: one or {} for key, one in (read.get("services") or {}).items()}
    waited = {
        other
        for one in services.values()
        for other, how in (one.get("depends_on") or {}).items()
        if (how or {}).get("condition") == "service_completed_successfully"
    }
    parts = tuple(_declared(key, services[key], is_task=key in waited) for key in sorted(services))
    return Project(name, (path,), parts, is_running=False)


def _containers(client: docker.DockerClient, label: str) -> list[Mapping[str, Any]]:
    wanted: dict[str, str | list[str] | bool] = {"label": [label, "com.docker.compose.oneoff=False"]}
    with asked("list containers"):
        return [one.attrs for one in client.containers.list(all=True, filters=wanted, ignore_removed=True)]


def _running(copies: Sequence[Mapping[str, Any]], *, is_task: bool) -> Part:
    first = copies[0]
    declared, host = service_of(first), first["HostConfig"]
    ports = [
        Port(_here(address), port, inner, inner in moving_ports(one))
        for one in copies
        for inner, address, port in published_ports(one)
    ]
    return Part(
        name=declared.name,
        image=declared.image,
        restart=declared.restart,
        healthcheck=declared.healthcheck,
        interval_s=declared.health_interval_s,
        published=tuple(sorted(set(ports), key=lambda one: (one.inner, one.port))),
        inner=exposed_ports(first),
        depends_on=declared.depends_on,
        has_init=bool(host.get("Init")),
        has_memory_limit=bool(host.get("Memory")),
        shares=_shared(str(host.get("NetworkMode") or ""), str(host.get("PidMode") or "")),
        is_task=is_task,
        states=tuple(_state(one, is_task=is_task) for one in copies),
    )


def _state(attributes: Mapping[str, Any], *, is_task: bool) -> str:
    if is_task and is_finished_task(attributes):
        return "done"
    seen = instance_of(attributes)
    return seen.state if seen.state != "running" or seen.health == "none" else f"running, {seen.health}"


def _declared(name: str, service: Mapping[str, Any], *, is_task: bool) -> Part:
    check = service.get("healthcheck") or {}
    test = [] if check.get("disable") else check.get("test") or []
    environment = [(name, str(value or "")) for name, value in (service.get("environment") or {}).items()]
    command = check_command([str(word) for word in test], environment).replace("$$", "$")
    deploy = service.get("deploy") or {}
    limited = (deploy.get("resources") or {}).get("limits") or {}
    ports = [one for one in service.get("ports") or [] if one.get("protocol", "tcp") == "tcp"]
    published = [one for one in ports if str(one.get("published", "")).isdecimal()]
    inner = {int(one["target"]) for one in ports}
    inner |= {int(one) for one in service.get("expose") or [] if str(one).isdecimal()}
    return Part(
        name=name,
        image=str(service.get("image") or "(built)"),
        restart=str(service.get("restart") or (deploy.get("restart_policy") or {}).get("condition") or "no"),
        healthcheck=command,
        interval_s=duration_s(check.get("interval", "30s"), "interval") if command else None,
        published=tuple(
            Port(_here(one.get("host_ip") or ""), int(one["published"]), int(one["target"])) for one in published
        ),
        inner=tuple(sorted(inner)),
        has_moving_port=len(published) < len(ports),
        depends_on=tuple(sorted(service.get("depends_on") or {})),
        has_init=bool(service.get("init")),
        has_memory_limit=any(map(_limits, (service.get("mem_limit"), limited.get("memory")))),
        shares=_shared(str(service.get("network_mode") or ""), str(service.get("pid") or "")),
        is_task=is_task,
    )


def _limits(memory: Any) -> bool:
    """Whether it is a limit: Compose writes out none as 0, which is a text."""
    return str(memory or "0").strip("0") != ""


def _shared(network: str, processes: str) -> str:
    told = [f"network {network}"] if network == "host" or network.startswith(("container:", "service:")) else []
    return ", ".join([*told, *([f"pid {processes}"] if processes else [])])


def _here(address: str) -> str:
    return "127.0.0.1" if address in _ANYWHERE else address


def _files(attributes: Mapping[str, Any]) -> tuple[Path, ...]:
    """The project's Compose files, as far as they are on this machine."""
    labels = labels_of(attributes)
    named = [Path(labels.get(_FOLDER, "")) / one for one in labels.get(_FILES, "").split(",") if one]
    return tuple(one for one in named if one.is_file())


def _config(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    require_compose(environment)
    command = ["docker", "compose", "-f", str(path), "config", "--format", "json"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CONFIG_S, check=False, env=local_alone(environment)
        )
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"`{' '.join(command)}` did not end within {_CONFIG_S:g} s") from error
    if done.returncode != 0:
        raise TargetError(f"Compose cannot read {path}: {_told(done.stderr)}")
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def _told(stderr: str) -> str:
    """Compose's last line; before it the variables that it lacked, which are often the reason."""
    said = stderr.strip().splitlines()
    if not said:
        return "it said nothing"
    unset = dict.fromkeys(found for line in said for found in _UNSET.findall(line))
    lacking = f" (it has no value for {', '.join(unset)})" if unset else ""
    remote = (
        " (remote includes are not fetched: start it, and name it with --project)" if _REMOTE.search(said[-1]) else ""
    )
    return said[-1] + lacking + remote
