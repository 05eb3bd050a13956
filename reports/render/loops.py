"""A crash loop as one fault: a reader wants the loop, and the number of crashes that are proved in it."""

from dataclasses import replace

from reports.evidence.records import Fault
from reports.figures import Receipt
from reports.words import N_, joined, say

__all__ = ["as_one", "together"]


def as_one(fault: Fault) -> Fault:
    """The fault as a reader hears of it: one of a loop stands for all of the loop."""
    return replace(fault, kind=f"{fault.kind} loop") if fault.loop else fault


def together(receipts: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """The receipts to show: those of a loop stand together where the first of them stood."""
    loops: dict[str, list[Receipt]] = {}
    for one in receipts:
        loops.setdefault(one.fault.loop or one.fault.id, []).append(one)
    return tuple(_loop(loop) if loop[0].fault.loop else loop[0] for loop in loops.values())


def _loop(loop: list[Receipt]) -> Receipt:
    """All of it is proved only if each of it is."""
    fault, many = as_one(loop[0].fault), len(loop)
    missing = tuple(
        say("crash {number}: {why}", number=number, why=joined(one.missing))
        for number, one in enumerate(loop, 1)
        if one.missing
    )
    sentence = say(
        "{service} died {n} times by itself, each time after it ran again, and its restart policy started it each "
        "time: each crash has a die event of its own, no kill event with it, and one restart more",
        service=fault.service, n=many,
    )  # fmt: skip
    if _is_of_tasks(loop[0]):
        told = N_(
            "{service} died {n} times by itself, each time after it ran again, and the swarm replaced it each time: "
            "each crash has a die event of its own, no kill event with it, and a new task"
        )
        sentence = say(told, service=fault.service, n=many)
    if missing:
        sentence = say("{fault} is not proved: {why}", fault=fault.title, why=joined(missing))
    return Receipt(
        fault=fault,
        proved=not missing,
        broken=all(one.broken for one in loop),
        sentence=sentence,
        missing=missing,
        facts=_facts(loop) if loop[0].facts and loop[-1].facts else (),
    )


def _facts(loop: list[Receipt]) -> tuple[tuple[str, str], ...]:
    first, last = dict(loop[0].facts), dict(loop[-1].facts)
    proved = say("{proved} of {n}", proved=sum(one.proved for one in loop), n=len(loop))
    restarts = (
        ((say("task before the first crash"), first["task before"]), (say("task after the last"), last["task after"]))
        if _is_of_tasks(loop[0])
        else (
            (say("restart count at the first crash"), first["restart count"]),
            (say("restart count at the last"), last["restart count"]),
        )
    )
    return (
        (say("instance"), first["instance"]),
        (say("crashes proved"), proved),
        *restarts,
        (say("first die event"), first["die event"]),
        (say("last die event"), last["die event"]),
        (say("last start event"), last["start event"]),
    )


def _is_of_tasks(one: Receipt) -> bool:
    """Whether it is a swarm's, which replaces tasks and counts no restarts."""
    return "task before" in dict(one.facts)
