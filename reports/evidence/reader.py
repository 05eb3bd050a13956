"""The evidence of a run as typed values: reads what is there, drops what is torn, says what it dropped."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from reports.evidence.jsonl import Lines, read_json, read_lines
from reports.evidence.records import (
    Check,
    Event,
    Fault,
    FaultLine,
    Fulfilment,
    Neighbour,
    Order,
    Problem,
    Pulse,
    Reading,
    Snapshot,
    Span,
    Transition,
    group_faults,
    parse,
)
from reports.evidence.tables import SampleFile, Source
from reports.words import say_n

__all__ = ["Evidence", "Recording"]

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Recording:
    """What the run was told to record."""

    load: bool
    workers: int
    """Processes of the load, each with a sample file of its own."""
    canaries: tuple[str, ...]
    """The first is the users' own; others look at a service directly."""
    breakers: tuple[str, ...]
    orders: bool
    traces: bool = False
    calls: tuple[str, ...] = ()


class Evidence:
    """One evidence directory. Each file is read when it is first asked for, and then kept: a pure view.

    A probe that waits for more evidence makes a new one. Nothing here raises because a file is missing or
    damaged: what cannot be read is empty, and `damage` says so.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        self._damage: dict[str, int] = {}
        self._together: dict[tuple[str, ...], Source] = {}

    # -- whole files ----------------------------------------------------------------------------------------

    @cached_property
    def run(self) -> dict[str, Any]:
        """run.json; empty where it is missing or unreadable. So with the others below."""
        return read_json(self.directory / "run.json") or {}

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """experiment.json: the experiment as run."""
        return read_json(self.directory / "experiment.json") or {}

    @cached_property
    def journal(self) -> dict[str, Any]:
        """journal.json: Chaos Toolkit's journal."""
        return read_json(self.directory / "journal.json") or {}

    @cached_property
    def system(self) -> dict[str, Any]:
        """system.json: the system under test as declared."""
        return read_json(self.directory / "system.json") or {}

    @cached_property
    def heal(self) -> dict[str, Any]:
        """heal.json: the target at the end against the target at the beginning."""
        return read_json(self.directory / "heal.json") or {}

    @cached_property
    def recording(self) -> Recording | None:
        """What run.json says was to be recorded; None where it does not say."""
        told = self.run.get("recording")
        if not isinstance(told, dict):
            return None
        return Recording(
            load=bool(told.get("load")),
            workers=_count(told.get("workers"), int(bool(told.get("load")))),
            canaries=_texts(told.get("canaries")),
            breakers=_texts(told.get("breakers")),
            orders=bool(told.get("orders")),
            traces=bool(told.get("traces")),
            calls=_texts(told.get("calls")),
        )

    # -- files of lines -------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What the target reported, in order of time."""
        return tuple(sorted(self._records("events.jsonl", Event), key=lambda event: event.at_ns))

    @cached_property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Instances as inspected, in order of time."""
        return tuple(sorted(self._records("instances.jsonl", Snapshot), key=lambda snapshot: snapshot.at_ns))

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """The faults, each over all its phases, in the order asked."""
        return group_faults(self._records("faults.jsonl", FaultLine))

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What was read back from the target about its faults, in order of time."""
        return tuple(sorted(self._records("readings.jsonl", Reading), key=lambda reading: reading.at_ns))

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        """Breaker states, in order of time; the first of a breaker is its state at the beginning."""
        lines = self._lines("breakers.jsonl")
        told = [line for line in lines.objects if "to" in line or not {"error", "back"} & set(line)]
        records = self._parsed("breakers.jsonl", Transition, told)
        return tuple(sorted(records, key=lambda transition: transition.time_ns))

    @cached_property
    def unread_breakers(self) -> frozenset[str]:
        """Endpoints that did not answer the last time that they were asked."""
        down: dict[str, bool] = {}
        for line in self._lines("breakers.jsonl").objects:
            down[str(line.get("source"))] = "error" in line
        return frozenset(source for source, is_down in down.items() if is_down)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """Orders that the load placed."""
        paths = sorted((self.directory / "samples").glob("orders-*.jsonl"))
        return tuple(order for path in paths for order in self._records(f"samples/{path.name}", Order))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Spans of the traces that were kept, in order of time."""
        return tuple(sorted(self._records("spans.jsonl", Span), key=lambda span: span.begin_ns))

    @cached_property
    def span_counts(self) -> dict[str, Any]:
        """spans.json: how many spans came, and how many were left out."""
        return read_json(self.directory / "spans.json") or {}

    @cached_property
    def own_orders(self) -> tuple[Order, ...]:
        """Orders that the experiment itself placed, with HTTP activities."""
        return self._records("orders.jsonl", Order)

    @cached_property
    def fulfilments(self) -> tuple[Fulfilment, ...]:
        """Fulfilments made, one entry each."""
        lines = self._lines("fulfilments.jsonl")
        made = [line for line in lines.objects if "complete" not in line]
        return self._parsed("fulfilments.jsonl", Fulfilment, made)

    @cached_property
    def fulfilments_complete(self) -> bool:
        """Whether the file says of itself that everything there was to see is in it."""
        objects = self._lines("fulfilments.jsonl").objects
        return bool(objects) and objects[-1].get("complete") is True

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What the recorder itself found missing. A line that is not even readable is a problem too."""
        return self._records("problems.jsonl", Problem)

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Changes of the observing machine's neighbour table, in order of time."""
        return self._records("neighbours.jsonl", Neighbour)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Outcomes of tolerances that run code."""
        return self._records("checks.jsonl", Check)

    # -- samples --------------------------------------------------------------------------------------------

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Samples by source: `load`, `canary:NAME`."""
        files: dict[str, list[SampleFile]] = {}
        for path in sorted((self.directory / "samples").glob("*.samples")):
            writer = path.stem.rpartition("-")[0] or path.stem
            if writer.startswith("calls-"):
                continue
            name = f"canary:{writer.removeprefix('canary-')}" if writer.startswith("canary-") else writer
            files.setdefault(name, []).append(SampleFile(path))
        return {name: Source(name, tuple(parts)) for name, parts in files.items()}

    def together(self, name: str, sources: tuple[str, ...]) -> Source:
        """Several sources as one; made once, for its table is as large as theirs."""
        if sources not in self._together:
            files = [file for source in sources for file in self.sources[source].files]
            self._together[sources] = Source(name, tuple(files))
        return self._together[sources]

    @cached_property
    def pulses(self) -> dict[str, tuple[Pulse, ...]]:
        """What each process of the load said of itself, by the name of its sample file without the ending."""
        paths = sorted((self.directory / "samples").glob("*.pulse.jsonl"))
        names = [path.name.removesuffix(".pulse.jsonl") for path in paths]
        return {name: self._records(f"samples/{name}.pulse.jsonl", Pulse) for name in names}

    @cached_property
    def calls(self) -> dict[str, SampleFile]:
        """What services called, by the URL that lists it; a record's name is the upstream."""
        files = (SampleFile(path) for path in sorted((self.directory / "samples").glob("calls-*.samples")))
        return {str((file.about or {}).get("url", "")): file for file in files}

    @cached_property
    def damage(self) -> tuple[str, ...]:
        """A sentence for each file that is torn or damaged. Reads everything."""
        _ = self.events, self.snapshots, self.faults, self.readings, self.transitions, self.orders
        _ = self.own_orders, self.fulfilments, self.problems, self.checks, self.spans, self.pulses, self.neighbours
        lines = [
            say_n("{file}: {n} damaged line dropped", "{file}: {n} damaged lines dropped", count, file=name)
            for name, count in self._damage.items()
        ]
        files = [*(file for source in self.sources.values() for file in source.files), *self.calls.values()]
        return (*lines, *(sentence for file in files for sentence in file.damage()))

    def _lines(self, name: str) -> Lines:
        lines = read_lines(self.directory / name)
        if lines.damaged:
            self._damage[name] = lines.damaged
        return lines

    def _records(self, name: str, kind: type[Record]) -> tuple[Record, ...]:
        return self._parsed(name, kind, self._lines(name).objects)

    def _parsed(self, name: str, kind: type[Record], objects: Any) -> tuple[Record, ...]:
        parsed = [parse(kind, line) for line in objects]
        good = tuple(record for record in parsed if record is not None)
        if len(good) != len(parsed):
            self._damage[name] = self._damage.get(name, 0) + len(parsed) - len(good)
        return good


def _count(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
