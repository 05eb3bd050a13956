"""Whether experiments may run side by side, and the stack of its own that each place gets."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from probes.errors import ConfigurationError
from probes.settings import Settings
from probes.targets.ports import free_ports

__all__ = ["place", "room"]

CORES = 2
"""Processors that one stack under load keeps busy: with fewer, a claim about time measures the neighbours."""
_TIMED = re.compile(r"_(?:seconds|ms|requests)$")
_PORT = re.compile(r"\$\{(\w+_PORT):-(\d+)\}")


def room(wanted: int, experiments: Mapping[str, Mapping[str, Any]], idle: float | None = None) -> tuple[int, str]:
    """How many stacks there is room for, 1 to `wanted`, and why it is fewer; empty where it is not.

    Claims about time are held beside others only where each stack has processors of its own that nobody else uses now.
    `experiments` is their contents by name; `idle` is for tests, by default what the machine's load leaves over.
    """
    wanted = min(wanted, max(1, len(experiments)))
    timed = [name for name, content in experiments.items() if _claims_time(content)]
    idle = max(0.0, len(os.sched_getaffinity(0)) - os.getloadavg()[0]) if idle is None else idle
    fits = max(1, int(idle // CORES))
    if wanted <= fits or not timed:
        return wanted, ""
    return fits, (
        f"{wanted} stacks side by side were asked for, and there is room for {fits}: {idle:.1f} processors are idle, a "
        f"stack under load takes {CORES}, and these make claims about time, which others beside them would spoil: "
        f"{', '.join(timed)}"
    )


def place(settings: Settings, number: int, experiments: Iterable[Mapping[str, Any]]) -> Settings:
    """The settings of a further place: the same stack in a project of its own, at ports that are free now.

    The experiments' addresses follow: those that they take from the environment, and that name a port of the stack.
    Raises ConfigurationError where the stack is not ours to be brought up a second time.
    """
    if settings.compose_file is None or not settings.is_own_stack:
        raise ConfigurationError(
            f"--stacks brings up the demo stack several times, and {settings.project} is another: leave it out"
        )
    told = dict(settings.environment)
    moved = dict(_PORT.findall(settings.compose_file.read_text(encoding="utf-8")))
    taken = free_ports(len(moved) + 1)
    ports = {told.get(name) or default: str(new) for (name, default), new in zip(moved.items(), taken, strict=False)}
    addresses = dict(pair for content in experiments for pair in _addresses(content))
    told |= {name: _moved(told.get(name) or default, ports) for name, default in addresses.items()}
    told |= {name: ports[told.get(name) or default] for name, default in moved.items()}
    told |= {
        "STEHAUF_PROJECT": f"{settings.project}-{number}",
        "STEHAUF_COMPOSE_FILE": str(settings.compose_file),
        "OTLP_PORT": str(taken[-1]),
    }
    return replace(settings, project=told["STEHAUF_PROJECT"], otlp_port=taken[-1], environment=told)


def _claims_time(content: Mapping[str, Any]) -> bool:
    return any(_TIMED.search(str(_provider(one).get("func"))) for one in _activities(content) if "tolerance" in one)


def _activities(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    hypothesis = content.get("steady-state-hypothesis")
    listed = [(hypothesis if isinstance(hypothesis, dict) else {}).get("probes"), content.get("method")]
    return [one for each in listed if isinstance(each, list) for one in each if isinstance(one, dict)]


def _provider(activity: Mapping[str, Any]) -> dict[str, Any]:
    found = activity.get("provider")
    return found if isinstance(found, dict) else {}


def _addresses(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Variable and default of each address that an experiment takes from the environment."""
    configuration = content.get("configuration")
    values = configuration.values() if isinstance(configuration, dict) else ()
    taken = [one for one in values if isinstance(one, dict) and one.get("type") == "env"]
    return [(str(one.get("key")), str(one.get("default") or "")) for one in taken]


def _moved(address: str, ports: Mapping[str, str]) -> str:
    return re.sub(r":(\d+)(?=/|$)", lambda found: ":" + ports.get(found[1], found[1]), address)
