"""Which instances of a service a fault hits, and how many: never more than asked for."""

import random
import secrets
from dataclasses import dataclass
from typing import Any

from probes.errors import ConfigurationError, TargetDegraded
from probes.targets.api import Inspectable, Instance

__all__ = ["CHOICES", "Selection", "refuse_broken", "select"]

CHOICES = ("first", "random", "all")
"""first: the oldest; random: by a seed; all: every one that there is."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The instances chosen, and all that it takes to choose the same again."""

    instances: tuple[Instance, ...]
    choose: str
    count: int
    seed: int | None
    """Of a random choice: given, or made up here."""
    of: tuple[str, ...]
    """Ids of the instances that there were, oldest first: what the choice was made from."""

    def told(self) -> dict[str, Any]:
        """As the evidence keeps it."""
        return {"choose": self.choose, "count": self.count, "seed": self.seed, "of": list(self.of)}


def select(
    target: Inspectable, service: str, count: int = 1, choose: str = "first", seed: int | None = None
) -> Selection:
    """Choose `count` instances. The same seed among as many instances, oldest first, chooses the same places.

    Raises ConfigurationError for impossible arguments (also where there are fewer instances than asked for),
    UnknownService, and TargetDegraded where there is no instance at all.
    """
    _refuse_nonsense(count, choose, seed)
    there = target.instances(service)
    if not there:
        raise TargetDegraded(f"{service} has no instance at the moment, so there is nothing to break")
    wanted = len(there) if choose == "all" else count
    if wanted > len(there):
        raise ConfigurationError(
            f"{count} instances of {service} were asked for, and there are {len(there)}: nothing was done. "
            f"Ask for at most {len(there)}, or start more"
        )
    if choose != "random":
        return Selection(there[:wanted], choose, wanted, None, tuple(one.id for one in there))
    seed = secrets.randbelow(2**32) if seed is None else seed
    places = sorted(random.Random(seed).sample(range(len(there)), wanted))  # noqa: S311 - to be repeated, not secret
    return Selection(tuple(there[at] for at in places), choose, wanted, seed, tuple(one.id for one in there))


def refuse_broken(instance: Instance) -> None:
    """Raise TargetDegraded for an instance that is not running and healthy: breaking it would prove nothing."""
    if instance.state != "running" or instance.health not in ("healthy", "none"):
        raise TargetDegraded(
            f"{instance.service} is {instance.state} and its health is {instance.health} before anything was done "
            "to it: breaking it now would prove nothing"
        )


def _refuse_nonsense(count: int, choose: str, seed: int | None) -> None:
    if choose not in CHOICES:
        raise ConfigurationError(f"choose reads {choose!r}; it takes one of {', '.join(CHOICES)}")
    if not _whole(count) or count < 1:
        raise ConfigurationError(f"count reads {count!r}; it takes a number of instances, 1 or more")
    if seed is not None and not _whole(seed):
        raise ConfigurationError(f"seed reads {seed!r}; it takes a whole number, as an earlier run recorded it")
    if seed is not None and choose != "random":
        raise ConfigurationError(f"seed is given, and choose is {choose!r}: only a random choice has a seed")
    if choose == "all" and count != 1:
        raise ConfigurationError(f"count is {count} and choose is 'all': leave one of them away")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
