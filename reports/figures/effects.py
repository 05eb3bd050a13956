"""The proof of a fault that ends nothing: what the kernel showed of it, before and while it was in place."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.figures.lasting import ended_ns, readings_of, unread
from reports.figures.machines import bad_update, node_down, node_drain, node_partition
from reports.figures.proof import Receipt, clock, named, unproved
from reports.words import N_, say

__all__ = ["EFFECTS", "effect_receipt"]

Shown = Mapping[str, Any]
"""One reading of the target: name and value."""
LATE_SHARE = 0.8
"""Of the latency asked for, round trips must have grown by this much: some of it is the measurement's."""
FULL_BYTES = 1 << 16
"""A disk with less free than this is full."""
WIDE_SHARE, WIDE_KBIT_S = 1.2, 30.0
"""Within a second a pipe lets through this much of its width and what may go at once at most."""
NEAR = 0.01
"""A limit is the one asked for when it differs by less than this share."""


def effect_receipt(evidence: Evidence, fault: Fault) -> Receipt:
    """The receipt of a fault of network or resources, by the rule of its kind."""
    missing = unread(evidence, fault)
    before, during = _reads(evidence, fault, "before"), _reads(evidence, fault, "during")
    if not missing:
        missing = EFFECTS[fault.kind](before[-1], during)
    facts = (
        (say("instance"), named(fault)),
        (say("asked"), clock(fault.asked_ns)),
        (say("over"), clock(ended_ns(evidence, fault))),
        *((say("before: {what}", what=name), _shown(value)) for name, value in (before[-1:] or [{}])[0].items()),
        *((say("during: {what}", what=name), _shown(value)) for name, value in (during[-1:] or [{}])[0].items()),
    )
    if missing:
        return unproved(fault, *missing, facts=facts)
    return Receipt(fault, True, True, say(PROVED[fault.kind], service=fault.service), (), facts)


def _reads(evidence: Evidence, fault: Fault, when: str) -> list[dict[str, Any]]:
    """The readings, one mapping for each time that the target was read."""
    own = readings_of(evidence, fault, when)
    return [{one.what: one.value for one in group} for _, group in groupby(own, key=lambda one: one.at_ns)]


def _in_place(before: Shown, during: Sequence[Shown]) -> list[str]:
    """What every fault of the network must show: rules that were not there before, and packets that they hit."""
    missing = []
    if before.get("in_place") is not False:
        missing.append(say("rules of this fault were in place before it"))
    if not all(one.get("in_place") is True for one in during):
        missing.append(say("its rules were not in place all the time"))
    if not max(_number(one, "packets") for one in during) > 0:
        missing.append(say("the kernel counted no packet that it hit"))
    return missing


def _partition(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    if "connection_opens" not in before:
        return missing  # from some alone: whoever looks is not among them
    if before["connection_opens"] is not True:
        missing.append(say("no connection opened before it either"))
    if not all(one.get("connection_opens") is False for one in during):
        missing.append(say("a connection opened while it was cut off, or nobody tried"))
    return missing


def _latency(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    was, asked = _number(before, "round_trip_ms"), _number(before, "asked_ms")
    if was <= 0 or asked <= 0:
        missing.append(say("no round trip was measured before it"))
    trips = [_number(one, "round_trip_ms") for one in during]
    if not all(trip >= was + LATE_SHARE * asked for trip in trips):
        told = N_("round trips took {during:.3g} ms while it was in place, and {before:.3g} ms before")
        missing.append(say(told, during=min(trips), before=was))
    return missing


def _loss(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    # A restart of the instance begins a new count, so each reading is compared with the one before it.
    counts = [_number(one, "sent_again") for one in (before, *during)]
    if not any(later > earlier for earlier, later in pairwise(counts)):
        missing.append(say("no more segments had to be sent again than before it"))
    return missing


def _bandwidth(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    if not max(_number(one, "held_back") for one in during) > 0:
        missing.append(say("no packet had to wait: it did not send more than that"))
    asked = _number(before, "asked_kbit_s")
    sent = [_number(one, "kbit_s") for one in during]
    if not all(each <= WIDE_SHARE * asked + WIDE_KBIT_S for each in sent):
        told = N_("it sent {sent:.3g} kbit/s while it was in place, and {asked:.3g} were to pass")
        missing.append(say(told, sent=max(sent), asked=asked))
    return missing


def _answers(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    if not max(_number(one, "spoiled") for one in during) > 0:
        missing.append(say("the proxy counted no answer that it spoiled"))
    return missing


def _names(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _in_place(before, during)
    if before.get("name_resolves") is not True:
        missing.append(say("the name did not resolve before it either"))
    if not all(one.get("name_resolves") is False for one in during):
        missing.append(say("the name resolved while it was in place"))
    return missing


def _cpu(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = _limited("cpus", "asked_cpus", before, during)
    if not max(_number(one, "throttled_ms") for one in during) > _number(before, "throttled_ms"):
        missing.append(say("the kernel counted no time in which it was held back"))
    return missing


def _memory(before: Shown, during: Sequence[Shown]) -> list[str]:
    return _limited("memory_bytes", "asked_bytes", before, during)


def _disk(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = []
    if not _number(before, "free_bytes") >= FULL_BYTES or before.get("filled") is not False:
        missing.append(say("there was no room before it either"))
    if not all(_number(one, "free_bytes") < FULL_BYTES and one.get("filled") is True for one in during):
        missing.append(say("there was room while it was in place"))
    return missing


def _stall(before: Shown, during: Sequence[Shown]) -> list[str]:
    missing = []
    if _number(before, "stopped_processes") != 0:
        missing.append(say("a process of it was stopped before it, or nobody looked"))
    if before.get("connection_answered") is not True:
        missing.append(say("a connection was not answered before it either"))
    if not all(_number(one, "stopped_processes") > 0 for one in during):
        missing.append(say("the kernel did not show its processes stopped all the time"))
    # One is enough: nobody takes them, so the kernel's queue for them is full after a while.
    if not any(one.get("connection_opens") is True for one in during):
        missing.append(say("no connection opened: nothing shows that it hung"))
    if not all(one.get("connection_answered") is False for one in during):
        missing.append(say("a connection was answered while it was to hang"))
    return missing


def _limited(name: str, asked: str, before: Shown, during: Sequence[Shown]) -> list[str]:
    """The kernel's limit is the one asked for all the time, and was a higher one before, or none."""
    wanted, was = _number(before, asked), _number(before, name)
    if not wanted > 0 or not (was == 0 or was - wanted > NEAR * wanted):
        return [say("the limit was no higher before it")]
    if not all(abs(_number(one, name) - wanted) <= NEAR * wanted for one in during):
        return [say("the kernel's limit was not the one asked for all the time")]
    return []


def _number(shown: Shown, name: str) -> float:
    """A number that was read; NaN, which no comparison holds for, where it was not."""
    value = shown.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


EFFECTS: Mapping[str, Callable[[Shown, Sequence[Shown]], list[str]]] = {
    "bad_answers": _answers,
    "bad_update": bad_update,
    "bandwidth": _bandwidth,
    "cpu_starved": _cpu,
    "disk_full": _disk,
    "dns_failure": _names,
    "latency": _latency,
    "loss": _loss,
    "memory_squeezed": _memory,
    "node_down": node_down,
    "node_drain": node_drain,
    "node_partition": node_partition,
    "partition": _partition,
    "stall": _stall,
}
"""What is missing to prove a fault, by its kind: from one reading before it, and those while it was in place."""
PROVED = {
    "bad_answers": N_("{service} answered badly: the proxy before it counted the answers that it spoiled"),
    "bad_update": N_("an update of {service} failed: a new copy of it did, and the swarm's manager says so"),
    "bandwidth": N_("{service} sent through a narrow pipe: packets had to wait, and no more passed than was to"),
    "cpu_starved": N_("{service} was starved of processor: its cgroup shows the lower limit, and time held back by it"),
    "disk_full": N_("{service} had no room: the file system of its volume had nothing free, and had before"),
    "dns_failure": N_("no name resolved for {service}: a look-up in its network failed, and had not before"),
    "latency": N_("{service} was slow to reach: round trips to it took longer by what was asked for"),
    "loss": N_("{service} lost packets: the kernel counted those that it dropped, and segments that were sent again"),
    "memory_squeezed": N_("{service} had less memory: its cgroup shows the lower limit"),
    "node_down": N_("the node under {service} died: its machine was off, and the swarm's manager took it for down"),
    "node_drain": N_("the node under {service} was drained: the manager says so, and nothing of the stack ran there"),
    "node_partition": N_(
        "the node under {service} was cut off: the kernel counted the packets that it dropped, and the swarm's manager "
        "took a machine that ran for down"
    ),
    "partition": N_("{service} was cut off: the kernel counted the packets that it dropped in its network"),
    "stall": N_(
        "{service} stalled: the kernel shows its processes stopped; a connection opened and was not answered, as one "
        "had been before"
    ),
}
