"""What a receipt is, and what the rules that make one share."""

from dataclasses import dataclass
from datetime import UTC, datetime

from reports.evidence.records import Event, Fault, Snapshot
from reports.words import joined, say

__all__ = ["EFFECT_NS", "Receipt", "clock", "named", "not_later", "unobserved", "unproved"]

EFFECT_NS = 10_000_000_000
"""What the target shows later than this after the asking had another reason."""
CONTAINER_ID = 64
"""Characters of an engine's full container id; a reader compares the first twelve, as `docker ps` shows them."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the target's own evidence says about one fault."""

    fault: Fault
    proved: bool
    broken: bool
    """Whether the fault itself is proved, even if the recovery that belongs to it is not."""
    sentence: str
    missing: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    """Label and value, for a reader to check against the target."""


def unproved(fault: Fault, *missing: str, broken: bool = False, facts: tuple[tuple[str, str], ...] = ()) -> Receipt:
    """The receipt of a fault for which something is missing; `broken`: the fault itself is proved all the same."""
    sentence = say("{fault} is not proved: {why}", fault=fault.title, why=joined(missing))
    return Receipt(fault, False, broken, sentence, missing, facts)


def named(fault: Fault) -> str:
    """The fault's instance, as a reader finds it on the target."""
    return fault.instance[:12] if len(fault.instance) == CONTAINER_ID else fault.instance


def clock(at_ns: int | None) -> str:
    """A time of day for a reader to compare, UTC to the millisecond."""
    if at_ns is None:
        return say("not seen")
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3] + " UTC"


def unobserved(died: Event | None, started: Event | None, before: Snapshot | None, after: Snapshot | None) -> list[str]:
    """Which of the observations that prove a return are missing; that of the death is the fault's own affair."""
    missing: list[str] = []
    if died is not None and started is None:
        missing.append(say("the target reported no start event after the death"))
    if before is None:
        missing.append(say("no inspection of the instance from before the death"))
    if after is None:
        missing.append(say("no inspection of the instance from after the start"))
    return missing


def not_later(before: Snapshot, after: Snapshot) -> list[str]:
    """What is missing where the two inspections do not show a new process by its time of start."""
    if before.started_ns is not None and after.started_ns is not None and after.started_ns > before.started_ns:
        return []
    return [say("inspection shows no later time of start")]
