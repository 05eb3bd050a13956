"""Make a container's processes die as by themselves: no operator's mark, so that the restart policy acts.

Inside, where an init is process 1: SIGKILL to all of the container's own processes (`kill -9 -1`). No root on the
host, no pid look-up, and it works where the engine runs in a virtual machine. Without an init, process 1 is shielded
from inside: a helper container in the host's pid namespace sends it.
"""

from collections.abc import Mapping
from typing import Any

import docker
import requests
from docker.errors import APIError, ContainerError
from docker.models.containers import Container

from probes.errors import FaultNotPossible, TargetError
from probes.targets.docker.containers import PROJECT, SERVICE, labels_of, name_of
from probes.targets.docker.engine import asked

__all__ = ["crash_container"]

_SIGKILL = 9

_INITS = frozenset({"docker-init", "tini", "tini-static", "dumb-init", "catatonit"})
_KILL_ALL = (
    ["sh", "-c", "kill -{number} -1"],
    ["python3", "-c", "import os; os.kill(-1, {number})"],
    ["python", "-c", "import os; os.kill(-1, {number})"],
)
_NOT_FOUND = (126, 127)
_HELPER = "stehauf.helper"


def crash_container(client: docker.DockerClient, container: Container, number: int = _SIGKILL) -> None:
    """Send it a signal, SIGKILL to crash it; returns when the kernel has it. Raises TargetError, FaultNotPossible."""
    attributes = container.attrs
    service, state = name_of(attributes), attributes["State"]
    if state["Status"] != "running":
        raise TargetError(f"{service} is {state['Status']}, not running: start or resume it before it is crashed.")
    mode = attributes["HostConfig"].get("PidMode") or ""
    if mode:
        raise FaultNotPossible(
            f"{service} shares its process space (pid: {mode}), so a crash would hit processes that are not its own; "
            f"nothing was done. Take `pid:` away from its Compose service, or stop it instead."
        )
    if _has_init(container) and _kill_inside(container, number):
        return
    _kill_by_helper(client, container, service, number)


def _has_init(container: Container) -> bool:
    if container.attrs["HostConfig"].get("Init"):
        return True
    with asked(f"list the processes of {container.name}"):
        top = container.top()
    # The engine may give an init to all (its default-init), and an image may begin with its own.
    pid, command = top["Titles"].index("PID"), -1
    first = [row[command] for row in top["Processes"] if row[pid] == str(container.attrs["State"]["Pid"])]
    return bool(first) and first[0].split()[0].rpartition("/")[2] in _INITS


def _kill_inside(container: Container, number: int) -> bool:
    """Whether one of the ways to kill could be run inside; how it ended says nothing, for it dies with the rest."""
    for command in _KILL_ALL:
        try:
            code = container.exec_run([part.format(number=number) for part in command]).exit_code
        except APIError as refused:
            if _is_missing(str(refused)):
                continue
            if refused.status_code in {404, 409}:
                return True  # gone before the engine could tell how the command ended
            raise TargetError(f"The engine refused to crash {container.name}: {refused.explanation}.") from refused
        except (requests.ConnectionError, ConnectionError):
            # The connection may end with the process. If it is the engine that is gone, this says so.
            container.reload()
            return True
        if code not in _NOT_FOUND:
            return True
    return False


def _is_missing(text: str) -> bool:
    return "executable file not found" in text or "no such file or directory" in text


def _kill_by_helper(client: docker.DockerClient, container: Container, service: str, number: int) -> None:
    """From a container in the host's pid namespace; it makes sure that the pid is still this container's."""
    attributes: Mapping[str, Any] = container.attrs
    pid = attributes["State"]["Pid"]
    script = f"grep -q {attributes['Id']} /proc/{pid}/cgroup && kill -{number} {pid}"
    try:
        with asked(f"run the helper that crashes {service}"):
            client.containers.run(
                attributes["Image"],
                entrypoint=["sh", "-c", script],
                command=[],
                user="0",
                pid_mode="host",
                network_mode="none",
                cap_drop=["ALL"],
                cap_add=["KILL"],
                healthcheck={"test": ["NONE"]},
                # The image may carry Compose's labels; the helper is no copy of the service.
                labels={_HELPER: labels_of(attributes).get(PROJECT, ""), PROJECT: "", SERVICE: ""},
                remove=True,
            )
    except TargetError as error:
        if not isinstance(error.__cause__, ContainerError):
            raise
        raise FaultNotPossible(
            f"{service} has no init as its process 1, and the helper container could not kill it from outside "
            f"({_text(error.__cause__.stderr) or 'no reason given'}). "
            f"Set `init: true` for it in the Compose file."
        ) from error


def _text(output: str | bytes | None) -> str:
    return (output.decode(errors="replace") if isinstance(output, bytes) else output or "").strip()
