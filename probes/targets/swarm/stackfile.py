"""A stack file made from a Compose project, as `docker compose config` prints it: a pure function.

`docker stack deploy` knows an older and smaller format. What means the same under another name is translated, what has
no meaning on several machines is left out, and what would change the service unsaid is refused by name.
"""

import re
from collections.abc import Mapping
from typing import Any

from probes.errors import ConfigurationError

__all__ = ["DEPENDS_ON", "stack_file"]

DEPENDS_ON = "stehauf.depends-on"
"""Label of a service: Swarm starts all at once, and forgets what depends on what; a reader wants to know."""
_VERSION = "3.8"
_SAME = frozenset(
    {
        "cap_add",
        "cap_drop",
        "command",
        "entrypoint",
        "environment",
        "healthcheck",
        "hostname",
        "image",
        "init",
        "labels",
        "read_only",
        "stop_grace_period",
        "stop_signal",
        "sysctls",
        "ulimits",
        "user",
        "working_dir",
    }
)
_WITHOUT_MEANING = frozenset(
    {"build", "container_name", "expose", "extra_hosts", "profiles", "pull_policy", "security_opt"}
)
"""Of one machine, or, as Swarm has no word for it, documented as lost (security_opt, extra_hosts)."""
_TRANSLATED = frozenset(
    {"cpus", "depends_on", "deploy", "mem_limit", "networks", "ports", "restart", "tmpfs", "volumes"}
)
_RESTART = {"no": "none", "always": "any", "unless-stopped": "any", "on-failure": "on-failure"}
_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_SIZE = re.compile(r"(\d+)([bkmg]?)b?", re.IGNORECASE)


def stack_file(config: Mapping[str, Any]) -> dict[str, Any]:
    """The stack file of a project. Raises ConfigurationError for what a swarm cannot do, naming service and key."""
    services = config.get("services") or {}
    return {
        "version": _VERSION,
        "services": {name: _service(name, services[name]) for name in sorted(services)},
        "networks": {name: _network(declared or {}) for name, declared in (config.get("networks") or {}).items()},
        "volumes": {name: _volume(declared or {}) for name, declared in (config.get("volumes") or {}).items()},
    }


def _service(name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(
        key for key, value in declared.items() if value and key not in _SAME | _WITHOUT_MEANING | _TRANSLATED
    )
    if unknown:
        raise ConfigurationError(
            f"The service {name} declares {', '.join(unknown)}, which a stack of a swarm does not have; nothing was "
            "deployed. Take it away, or use STEHAUF_TARGET=docker"
        )
    made = {key: value for key, value in declared.items() if key in _SAME and value is not None}
    made["deploy"] = _deploy(name, declared)
    if declared.get("networks"):
        made["networks"] = sorted(declared["networks"])
    if ports := [_port(name, port) for port in declared.get("ports") or []]:
        made["ports"] = ports
    if mounts := [*(declared.get("volumes") or []), *(_tmpfs(name, each) for each in declared.get("tmpfs") or [])]:
        made["volumes"] = mounts
    return made


def _deploy(name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    deploy = {"endpoint_mode": "dnsrr", "restart_policy": _restart(name, declared), **(declared.get("deploy") or {})}
    limits: dict[str, Any] = {}
    if declared.get("mem_limit"):
        limits["memory"] = str(declared["mem_limit"])
    if declared.get("cpus"):
        limits["cpus"] = str(declared["cpus"])
    if limits:
        resources = deploy.get("resources") or {}
        deploy["resources"] = {**resources, "limits": {**limits, **(resources.get("limits") or {})}}
    if needed := sorted(declared.get("depends_on") or ()):
        deploy["labels"] = {**(deploy.get("labels") or {}), DEPENDS_ON: ",".join(needed)}
    return deploy


def _restart(name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Compose's policy in Swarm's words; without Swarm's own pause of five seconds."""
    policy, _, most = str(declared.get("restart") or "no").partition(":")
    if policy not in _RESTART:
        raise ConfigurationError(
            f"The service {name} declares restart: {policy!r}; a swarm knows {', '.join(sorted(_RESTART))}"
        )
    made: dict[str, Any] = {"condition": _RESTART[policy], "delay": "0s"}
    return {**made, "max_attempts": int(most)} if most else made


def _port(name: str, port: Mapping[str, Any]) -> dict[str, Any]:
    """On every address of the machine on which the copy runs: a swarm binds no single one."""
    published = str(port.get("published") or "")
    if not published.isdecimal():
        raise ConfigurationError(
            f"The service {name} publishes {port.get('target')} at {published or 'any port'!r}; in a swarm it takes "
            "one number, that users can be told"
        )
    return {
        "target": int(port["target"]),
        "published": int(published),
        "protocol": port.get("protocol") or "tcp",
        "mode": "host",
    }


def _tmpfs(name: str, text: str) -> dict[str, Any]:
    """`/tmp:size=16m` as a mount, which is what a stack has for it."""
    target, _, options = text.partition(":")
    mount: dict[str, Any] = {"type": "tmpfs", "target": target}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        found = _SIZE.fullmatch(value)
        if key != "size" or found is None:
            raise ConfigurationError(f"The service {name} declares tmpfs {text!r}; a swarm knows its size alone")
        mount["tmpfs"] = {"size": int(found[1]) * _UNITS[found[2].lower()]}
    return mount


def _network(declared: Mapping[str, Any]) -> dict[str, Any]:
    if declared.get("external"):
        return {"external": True, "name": declared["name"]}
    return {"driver": "overlay"}


def _volume(declared: Mapping[str, Any]) -> dict[str, Any]:
    if declared.get("external"):
        return {"external": True, "name": declared["name"]}
    return {key: declared[key] for key in ("driver", "driver_opts") if declared.get(key)}
