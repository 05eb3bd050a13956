"""What proves a restart in a swarm: no container starts again there, a new task takes the slot of the one that ended.

Its manager counts no restarts; it says of each task how it ended. A crash ends as `failed`. What an operator updates,
scales, drains or removes ends as `shutdown`, whatever its exit code.
"""

from reports.evidence.reader import Evidence
from reports.evidence.records import Event, Fault, Snapshot
from reports.figures.proof import clock, named, not_later, unobserved
from reports.words import N_, say

__all__ = ["is_swarm", "not_replaced", "replaced_facts"]

FAILED = "failed"


def is_swarm(evidence: Evidence) -> bool:
    """Whether the system under test is a stack of a swarm."""
    return evidence.system.get("target") == "swarm"


def not_replaced(
    died: Event | None, started: Event | None, before: Snapshot | None, after: Snapshot | None
) -> list[str]:
    """What is missing to say that a new task took the place of the one that died."""
    missing = unobserved(died, started, before, after)
    if died is None or started is None or before is None or after is None:
        return missing
    return [*_other_task(died, started, before, after), *_ended(died, before, after)]


def _other_task(died: Event, started: Event, before: Snapshot, after: Snapshot) -> list[str]:
    missing = []
    if not died.task or died.task != before.task:
        missing.append(say("the task that died is not the one that inspection showed before"))
    if not started.task or started.task == died.task:
        missing.append(say("what started was no new task"))
    if after.task != started.task or after.replaces != died.task:
        missing.append(say("inspection shows no task that took the place of the one that died"))
    return missing


def _ended(died: Event, before: Snapshot, after: Snapshot) -> list[str]:
    missing = []
    if after.ended_as != FAILED:
        told = N_("the swarm's manager says that the task ended as {how!r}: a crash ends as 'failed'")
        missing.append(say(told, how=after.ended_as))
    if after.exit_code != died.exit_code:
        told = N_("the swarm's manager says that the task ended with exit code {code}, the engine {other}")
        missing.append(say(told, code=after.exit_code, other=died.exit_code))
    return [*missing, *not_later(before, after)]


def replaced_facts(
    fault: Fault, died: Event | None, started: Event | None, before: Snapshot | None, after: Snapshot | None
) -> tuple[tuple[str, str], ...]:
    """For a reader to compare with `docker service ps`."""
    unseen = say("not seen")
    code = unseen if died is None or died.exit_code is None else str(died.exit_code)
    return (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("die event"), clock(died.at_ns if died else None)),
        (say("exit code"), code),
        (say("ended as, by the manager"), (after.ended_as if after else "") or unseen),
        (say("start event"), clock(started.at_ns if started else None)),
        (say("task before"), (before.task if before else "") or unseen),
        (say("task after"), (after.task if after else "") or unseen),
        (say("node before"), (before.node if before else "") or unseen),
        (say("node after"), (after.node if after else "") or unseen),
        (say("started at, before"), clock(before.started_ns if before else None)),
        (say("started at, after"), clock(after.started_ns if after else None)),
    )
