"""Did those who looked have room to look: a generator that was itself the limit says nothing of the system."""

from collections.abc import Iterator

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Pulse
from reports.evidence.tables import SampleFile, Table
from reports.words import N_, say

__all__ = ["LATE_S", "starved"]

LATE_S = 0.05
"""Seconds by which one request in a hundred may be late; on an idle machine it is three thousandths.

Seen on 174 runs of a shared machine of two cores: up to here no claim about milliseconds failed, and the highest p95 of
a run was 163 ms; at 67 ms one came to 501, and the fallback's to 451, of a system that was as well as ever.
"""
HELD_UP_S = 0.1
"""Seconds by which a load generator may be late in any second: of ten such seconds one is allowed."""
BUSY = 0.9
"""Share of a core at which a generator's answers begin to wait for it."""
BAD_SECONDS = 0.1
"""Share of its seconds in which a load generator may be that busy, or late by HELD_UP_S."""


def starved(evidence: Evidence) -> Iterator[str]:
    """A sentence for each generator that measured itself, or a machine that gave it no room."""
    for name in evidence.recording.canaries if evidence.recording else ():
        source = evidence.sources.get(f"canary:{name}")
        if source is not None and len(source.table) and (late_s := _late_s(source.table)) > LATE_S:
            yield say(
                "the machine was too busy: the canary “{name}” sent one request in a hundred {late} ms late or more "
                "(over {allowed} ms nothing can be said of the system)",
                name=name,
                late=round(late_s * 1000),
                allowed=round(LATE_S * 1000),
            )
    load = evidence.sources.get("load")
    for file in load.files if load else ():
        yield from _load(evidence, file)


def _load(evidence: Evidence, file: SampleFile) -> Iterator[str]:
    if len(file.table) and (late_s := _late_s(file.table)) > LATE_S:
        yield say(
            "the load generator was the limit, not the system: {file} has one request in a hundred that was sent "
            "{late} ms late or more (over {allowed} ms nothing can be said of the system)",
            file=file.path.name,
            late=round(late_s * 1000),
            allowed=round(LATE_S * 1000),
        )
    pulses = _while_loaded(evidence, evidence.pulses.get(file.path.stem, ()))
    bad = sum(pulse.cpu > BUSY or pulse.late_s > HELD_UP_S for pulse in pulses)
    if bad > BAD_SECONDS * len(pulses):
        told = N_(
            "the load generator was the limit, not the system: in {bad} of {all} seconds {file} used more than "
            "{busy} % of its core, or was held up for more than {allowed} ms"
        )
        figures = {"bad": bad, "all": len(pulses), "busy": round(BUSY * 100), "allowed": round(HELD_UP_S * 1000)}
        yield say(told, file=file.path.name, **figures)


def _late_s(table: Table) -> float:
    return float(np.percentile(table["lag_100us"], 99, method="inverted_cdf")) / 1e4


def _while_loaded(evidence: Evidence, pulses: tuple[Pulse, ...]) -> tuple[Pulse, ...]:
    """Those of the time that counts: a process that starts or ends is busy with itself."""
    begin, end = evidence.run.get("load_started_ns"), evidence.run.get("load_ended_ns")
    if not isinstance(begin, int) or not isinstance(end, int):
        return pulses
    return tuple(pulse for pulse in pulses if begin < pulse.at_ns <= end)
