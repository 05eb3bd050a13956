"""What the lines of the evidence files say, as frozen values. Times are UTC nanoseconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from reports.words import N_, say

__all__ = [
    "Check",
    "Event",
    "Fault",
    "FaultLine",
    "Fulfilment",
    "Neighbour",
    "Order",
    "Problem",
    "Pulse",
    "Reading",
    "Snapshot",
    "Span",
    "Transition",
    "group_faults",
    "parse",
]

Record = TypeVar("Record")

KINDS = (
    N_("bad_answers"),
    N_("bad_update"),
    N_("bandwidth"),
    N_("cpu_starved"),
    N_("crash"),
    N_("crash loop"),
    N_("disk_full"),
    N_("dns_failure"),
    N_("hang"),
    N_("latency"),
    N_("loss"),
    N_("memory_squeezed"),
    N_("node_down"),
    N_("node_drain"),
    N_("node_partition"),
    N_("out_of_memory"),
    N_("partition"),
    N_("signal"),
    N_("stall"),
    N_("stop"),
)
"""Kinds of fault that have a word of their own in other languages."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change that the target itself reported: start, kill, die, stop, pause, resume, oom or health."""

    at_ns: int
    service: str
    instance: str
    kind: str
    seen_ns: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    health: str | None = None
    node: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An instance as inspection showed it at one time."""

    at_ns: int
    service: str
    instance: str = field(metadata={"key": "id"})
    state: str
    restart_count: int
    when: str = ""
    health: str = "none"
    started_ns: int | None = None
    pid: int | None = None
    exit_code: int | None = None
    node: str = ""
    task: str = ""
    replaces: str = ""
    ended_as: str = ""


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One phase of a fault: asked, injected, failed or undone."""

    id: str
    phase: str
    at_ns: int
    kind: str = field(metadata={"key": "fault"})
    service: str
    instance: str
    detail: str = ""
    loop: str = ""
    number: int | None = None
    """Of the signal."""
    exit_code: int | None = None
    """That the process must end with."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that was read back from the target about a fault; `when`: before, during or after it."""

    fault: str
    at_ns: int
    when: str
    what: str
    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault over all its phases; None: that phase was not recorded."""

    id: str
    kind: str
    service: str
    instance: str
    asked_ns: int | None = None
    injected_ns: int | None = None
    failed_ns: int | None = None
    undone_ns: int | None = None
    detail: str = ""
    number: int | None = None
    exit_code: int | None = None
    loop: str = ""
    """What the faults of one loop have in common; empty for a fault by itself."""

    @property
    def action(self) -> str:
        """The action that made it: a loop makes several faults of one kind."""
        return f"{self.kind}_loop" if self.loop else self.kind

    @property
    def title(self) -> str:
        """`crash of product`."""
        return say(
            "{kind} of {service}", kind=say(self.kind) if self.kind in KINDS else self.kind, service=self.service
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """A circuit breaker changed its state; `before` is None where it is the state found at the beginning."""

    seen_ns: int
    breaker: str
    after: str = field(metadata={"key": "to"})
    at_ns: int | None = None
    before: str | None = field(default=None, metadata={"key": "from"})
    source: str = ""
    reason: str | None = None
    boot: str | None = None
    seq: int | None = None

    @property
    def time_ns(self) -> int:
        """When it happened; for a state found at the beginning, when it was seen."""
        return self.seen_ns if self.at_ns is None else self.at_ns


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the load placed; outcome: acknowledged, refused or unknown."""

    id: str
    at_ns: int
    outcome: str
    status: int | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One fulfilment made; an order that was fulfilled twice has two."""

    id: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a trace: what one service did for one request. `events` are {at_ns, name, attributes}."""

    trace: str
    id: str
    service: str
    name: str
    begin_ns: int
    end_ns: int
    parent: str | None = None
    kind: str = "internal"
    error: str | None = None
    attributes: dict = field(default_factory=dict)  # type: ignore[type-arg]
    events: list = field(default_factory=list)  # type: ignore[type-arg]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the observing machine's own neighbour table changed."""

    at_ns: int
    address: str
    device: str
    resolved: bool | None = None
    """None: it is gone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that makes the evidence incomplete."""

    what: str
    detail: str = ""
    at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a process of the load said of its own last second."""

    at_ns: int
    cpu: float | int
    """Share of a core that it used."""
    late_s: float | int
    """The longest that it was held up: nothing was sent or read meanwhile."""
    outstanding: int = 0
    """Journeys under way."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome, at the time, of a tolerance that runs code."""

    activity: str
    met: bool | None
    start: str = ""
    """When the probe started, as the journal has it: one name may stand in two places."""


def parse(kind: type[Record], line: Mapping[str, Any]) -> Record | None:
    """`line` as a record of `kind`; None where a field is missing or of another type."""
    values: dict[str, Any] = {}
    for name, key, types, required in _shape(cast("Any", kind)):
        if key not in line:
            if required:
                return None
            continue
        value = line[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            return None
        values[name] = value
    return kind(**values)


def group_faults(lines: Iterable[FaultLine]) -> tuple[Fault, ...]:
    """The faults in the order in which they were first mentioned; the first line of a phase counts."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        fault = found.setdefault(
            line.id,
            {"id": line.id, "kind": line.kind, "service": line.service, "instance": line.instance, "loop": line.loop},
        )
        if line.phase in {"asked", "injected", "failed", "undone"}:
            fault.setdefault(f"{line.phase}_ns", line.at_ns)
        for name in ("detail", "number", "exit_code"):
            if (value := getattr(line, name)) not in ("", None):
                fault[name] = value
    return tuple(Fault(**fault) for fault in found.values())


@cache
def _shape(kind: Any) -> tuple[tuple[str, str, tuple[type, ...], bool], ...]:
    """Field name, key on the line, accepted types, whether it must be there."""
    hints = get_type_hints(kind)
    shape = []
    for item in fields(kind):
        hint = hints[item.name]
        types = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        required = item.default is item.default_factory  # both MISSING
        shape.append((item.name, item.metadata.get("key", item.name), types, required))
    return tuple(shape)
