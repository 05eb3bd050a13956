"""What the control is asked to observe: its arguments in the experiment, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from probes.errors import ConfigurationError
from probes.run.load import Canary, Load

__all__ = ["Observation"]

_KEYS = ("load", "canaries", "rate", "breakers", "orders", "traces")

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
    orders: str | None = None
    """Endpoint that lists the orders that were fulfilled."""
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
        breakers = arguments.get("breakers") or ()
        load = arguments.get("load")
        return cls(
            load=_part(Load, "load", load) if load else None,
            canaries=tuple(_part(Canary, "canaries", one) for one in arguments.get("canaries") or ()),
            rate=_rate(arguments.get("rate", 50)),
            breakers=(breakers,) if isinstance(breakers, str) else tuple(breakers),
            orders=arguments.get("orders"),
            traces=bool(arguments.get("traces", False)),
        )

    def expected(self) -> dict[str, Any]:
        """What must be found in the evidence later: `recording` in run.json."""
        return {
            "load": self.load is not None,
            "canaries": [canary.name for canary in self.canaries],
            "breakers": list(self.breakers),
            "orders": self.orders is not None,
        }


def _part(kind: type[Part], argument: str, given: Any) -> Part:
    names = ", ".join(field.name for field in fields(kind))
    try:
        return kind(**given)
    except TypeError:
        raise ConfigurationError(
            f"The argument {argument} of probes.control reads {given!r}; it takes a mapping of: {names}"
        ) from None


def _rate(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 1000:  # noqa: PLR2004
        raise ConfigurationError(
            f"The argument rate of probes.control reads {given!r}; it takes requests a second, 1 to 1000"
        )
    return given
