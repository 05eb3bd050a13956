"""What the control is asked to observe: its arguments in the experiment, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from probes.errors import ConfigurationError
from probes.run.arguments import (
    require_http,
    require_loopback,
    require_names,
    require_number,
    require_switch,
    require_text,
)
from probes.run.load import Canary, Load, locust_file

__all__ = ["Observation", "project_of"]

_KEYS = ("project", "load", "canaries", "rate", "breakers", "calls", "orders", "traces", "live")

Part = TypeVar("Part", Canary, Load)


@dataclass(frozen=True, slots=True)
class Observation:
    """All of it is optional: a run without load still records the target, judges and reports."""

    load: Load | None = None
    canaries: tuple[Canary, ...] = ()
    rate: int = 50
    """Requests a second of each canary."""
    breakers: tuple[str, ...] = ()
    """Endpoints that list circuit breakers with their transitions."""
    calls: tuple[str, ...] = ()
    """Endpoints that list what a service called."""
    orders: str | None = None
    """Endpoint that lists the orders that were fulfilled."""
    project: str | None = None
    """The Compose project that the experiment is for, where the environment names none."""
    live: bool = False
    """Show the run live, unless the environment says otherwise."""
    traces: bool = False
    """Receive spans from the services."""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "Observation":
        """Read the control's arguments. Raises ConfigurationError that names what is wrong and what is known."""
        unknown = sorted(set(arguments) - set(_KEYS))
        if unknown:
            raise ConfigurationError(
                f"The control probes.control has no argument {', '.join(unknown)}; it knows: {', '.join(_KEYS)}"
            )
        load, orders, project = (arguments.get(key) for key in ("load", "orders", "project"))
        return cls(
            load=_load(load) if load else None,
            canaries=_canaries(_listed(arguments.get("canaries"))),
            rate=require_number("rate", arguments.get("rate", 50), "requests a second, 1 to 1000", most=1000),
            breakers=tuple(require_http("breakers", url) for url in _listed(arguments.get("breakers"))),
            calls=tuple(require_http("calls", url) for url in _listed(arguments.get("calls"))),
            orders=require_http("orders", orders) if orders else None,
            project=require_text("project", project) if project else None,
            live=require_switch("live", arguments.get("live", False)),
            traces=require_switch("traces", arguments.get("traces", False)),
        )

    def expected(self) -> dict[str, Any]:
        """What must be found in the evidence later: `recording` in run.json."""
        return {
            "load": self.load is not None,
            "workers": self.load.workers if self.load else 0,
            "canaries": [canary.name for canary in self.canaries],
            "breakers": list(self.breakers),
            "calls": list(self.calls),
            "orders": self.orders is not None,
            "traces": self.traces,
        }


def _part(kind: type[Part], argument: str, given: Any) -> Part:
    names = ", ".join(field.name for field in fields(kind))
    try:
        return kind(**given)
    except TypeError:
        raise ConfigurationError(
            f"The argument {argument} of probes.control reads {given!r}; it takes a mapping of: {names}"
        ) from None


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given] if given else []


def _load(given: Any) -> Load:
    load = _part(Load, "load", given)
    require_loopback("load.host", load.host)
    if sum(one is not None for one in (load.users, load.rate, load.shape)) > 1:
        raise ConfigurationError(
            f"The argument load of probes.control reads {given!r}; it takes one of rate and shape (open loop: journeys "
            "begin when they are due) or users (closed loop: each waits for its answer)"
        )
    if load.users is not None:
        require_number("load.users", load.users, "a number of users, 1 to 10000", most=10_000)
    if load.rate is not None:
        require_number("load.rate", load.rate, "journeys a second, 1 to 20000", least=1.0, most=20_000)
    require_number("load.processes", load.processes, "a number of processes, 1 to 64", most=64)
    if require_text("load.nodes", load.nodes):
        _check_nodes(load)
    _ = load.stages
    locust_file(str(load.file))
    return load


def _check_nodes(load: Load) -> None:
    """What is asked from nodes is a service of the stack, by its name; the name is looked up when the load begins."""
    require_names("load.nodes", load.places)
    require_http("load.inside", load.inside)
    if load.processes != 1:
        raise ConfigurationError(
            f"The argument load of probes.control has both nodes ({load.nodes}) and processes ({load.processes}): "
            "each node has one worker; name more nodes, or leave one of the two out"
        )


def _canaries(given: list[Any]) -> tuple[Canary, ...]:
    canaries = tuple(_part(Canary, "canaries", one) for one in given)
    require_names("canaries", [canary.name for canary in canaries])
    for canary in canaries:
        require_loopback("canaries", canary.url)
        require_text("canaries: degraded_header", canary.degraded_header)
        require_text("canaries: degraded_body", canary.degraded_body)
        require_number("canaries: timeout", canary.timeout, "seconds, more than 0 and at most 60", least=0.001, most=60)
    return canaries


def project_of(experiment: Mapping[str, Any]) -> str | None:
    """The Compose project that an experiment says it is for; None where it does not, or not in a text."""
    for control in experiment.get("controls") or ():
        provider = control.get("provider") if isinstance(control, dict) else None
        if isinstance(provider, dict) and provider.get("module") == "probes.control":
            project = (provider.get("arguments") or {}).get("project")
            return project if isinstance(project, str) and project else None
    return None
