"""What is missing to prove a fault that only several machines can have: from what manager and engines showed."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.words import say

__all__ = ["bad_update", "node_down", "node_drain", "node_partition"]

Shown = Mapping[str, Any]
"""One reading of the target: name and value."""
ENDED = frozenset({"paused", "rollback_completed", "rollback_paused"})
"""What becomes of an update that failed."""


def node_down(before: Shown, during: Sequence[Shown]) -> list[str]:
    """The manager took it for down and the machine was off, neither of which was so before."""
    missing = _well(before)
    if before.get("machine") != "running":
        missing.append(say("the machine did not run before it either"))
    if not all(one.get("machine") == "stopped" for one in during):
        missing.append(say("the machine was not off all the time"))
    return missing + _down(during)


def node_drain(before: Shown, during: Sequence[Shown]) -> list[str]:
    """It was to have no work, and none of ours ran there any more."""
    missing = _well(before)
    if not _count(before, "running_there") > 0:
        missing.append(say("nothing ran on the node before it either"))
    if not all(one.get("availability") == "drain" for one in during):
        missing.append(say("the node's availability was not drain all the time"))
    if not all(_count(one, "running_there") == 0 for one in during):
        missing.append(say("something went on running on the node, or nobody could ask"))
    return missing


def node_partition(before: Shown, during: Sequence[Shown]) -> list[str]:
    """The manager missed it although it ran, and the kernel dropped its packets."""
    missing = _well(before)
    if before.get("in_place") is not False:
        missing.append(say("rules of this fault were in place before it"))
    if not all(one.get("in_place") is True for one in during):
        missing.append(say("its rules were not in place all the time"))
    if not any(_count(one, "packets") > 0 for one in during):
        missing.append(say("the kernel counted no packet that it hit"))
    if not all(one.get("machine") == "running" for one in during):
        missing.append(say("the machine did not run all the time: it was not merely cut off"))
    return missing + _down(during)


def bad_update(before: Shown, during: Sequence[Shown]) -> list[str]:
    """A new copy failed, and the manager says that the update did."""
    missing = []
    if before.get("runs_as_before") is not True or before.get("update_state") in {"updating", "rollback_started"}:
        missing.append(say("the service was being updated before it"))
    if not any(_count(one, "failed_tasks") > _count(before, "failed_tasks") for one in during):
        missing.append(say("no copy of the update failed"))
    if not all(one.get("update_state") in ENDED for one in during):
        missing.append(say("the swarm's manager did not say that the update failed"))
    return missing


def _well(before: Shown) -> list[str]:
    if before.get("node_state") == "ready" and before.get("availability") == "active":
        return []
    return [say("the node was not ready and active before it")]


def _down(during: Sequence[Shown]) -> list[str]:
    if all(one.get("node_state") == "down" for one in during):
        return []
    return [say("the swarm's manager did not take the node for down all the time")]


def _count(shown: Shown, name: str) -> float:
    """A number that was read; NaN, which no comparison holds for, where it was not, or nobody could be asked."""
    value = shown.get(name)
    known = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return float(value) if known else float("nan")  # type: ignore[arg-type]
