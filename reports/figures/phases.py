"""What a circuit breaker was when, and what its service called meanwhile, by the caller's own count."""

from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.samples import CANCELLED_CALL, COPY, FAILED_CALL
from reports.evidence.tables import SampleFile, Table
from reports.figures.missing import MissingEvidence
from reports.figures.windows import FOREVER, transitions_of
from reports.words import N_, joined, say

__all__ = ["Phase", "calls_of", "copies_of", "never_opened", "open_phases", "phases_of"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch in which a breaker had one state; both ends are transitions, by the clock of the service."""

    state: str
    begin_ns: int
    end_ns: int
    """FOREVER: it had it as far as the evidence reaches."""
    then: str | None
    """The state that followed; None: none as far as the evidence reaches."""


def phases_of(evidence: Evidence, breaker: str) -> tuple[Phase, ...]:
    """The phases of a breaker in order; raises MissingEvidence, too, where it was read from more than one place."""
    moves = transitions_of(evidence, breaker)
    if len({(move.source, move.boot) for move in moves}) > 1:
        told = N_("breaker {breaker!r} was read in two places, or its service restarted: its phases are not one row")
        raise MissingEvidence(say(told, breaker=breaker))
    pairs = [Phase(one.after, one.time_ns, two.time_ns, two.after) for one, two in pairwise(moves)]
    return (*pairs, Phase(moves[-1].after, moves[-1].time_ns, FOREVER, None))


def open_phases(evidence: Evidence, breaker: str) -> tuple[Phase, ...]:
    """The phases in which it was open. Raises MissingEvidence where there is none: then nothing was held back."""
    found = tuple(phase for phase in phases_of(evidence, breaker) if phase.state == "open")
    if not found:
        raise never_opened(breaker)
    return found


def never_opened(breaker: str) -> MissingEvidence:
    """To raise where a figure is about what a breaker did when it was open."""
    return MissingEvidence(say("breaker {breaker!r} never opened: there is nothing to see of it", breaker=breaker))


def calls_of(evidence: Evidence, breaker: str, upstream: str = "") -> Table:
    """The calls that the breaker guards, by when they began, as the service's client counted them.

    `upstream` is the name under which they are listed; empty: the breaker's own. Of several services that call it,
    the one that the breaker was read from. Raises MissingEvidence where calls were not listed, or are not complete.
    """
    name = upstream or breaker
    found = {url: rows for url, file in evidence.calls.items() if (rows := _named(file, name)) is not None}
    if len(found) > 1:
        hosts = {urlsplit(move.source).netloc for move in transitions_of(evidence, breaker)}
        found = {url: rows for url, rows in found.items() if urlsplit(url).netloc in hosts}
    if len(found) != 1:
        known = joined(sorted({one for file in evidence.calls.values() for one in map(_upstream, _names(file))}), ", ")
        told = N_("no one list of calls to {name!r} was recorded (calls were listed to: {known})")
        raise MissingEvidence(say(told, name=name, known=known or say("none at all")))
    ((url, rows),) = found.items()
    _check_complete(url, evidence.calls[url])
    return rows


def failed_calls(calls: Table) -> "np.typing.NDArray[np.bool_]":
    """Calls whose answer was of no use to the caller, or that had none."""
    return np.asarray((calls["flags"] & FAILED_CALL) > 0)


def decided_calls(calls: Table) -> Table:
    """All but those that the caller gave up."""
    return np.asarray(calls[(calls["flags"] & CANCELLED_CALL) == 0])


def copies_of(evidence: Evidence, upstream: str) -> list[Table]:
    """The decided calls to each copy of an upstream, as far as it was said which one was asked.

    Raises MissingEvidence where a list of them is not complete.
    """
    found: dict[str, list[Table]] = {}
    for url, file in evidence.calls.items():
        for index, name in enumerate(_names(file)):
            if COPY in name and _upstream(name) == upstream:
                _check_complete(url, file)
                found.setdefault(name, []).append(file.table[file.table["name"] == index])
    return [decided_calls(np.concatenate(tables)) for tables in found.values()]


def _check_complete(url: str, file: SampleFile) -> None:
    if (file.about or {}).get("lost") != 0:
        raise MissingEvidence(say("the list of calls at {url} is not complete: some were not read in time", url=url))


def _names(file: SampleFile) -> list[str]:
    names = (file.about or {}).get("names")
    return [str(name) for name in names] if isinstance(names, list) else []


def _upstream(name: str) -> str:
    """Without the copy of it."""
    return name.partition(COPY)[0]


def _named(file: SampleFile, name: str) -> Table | None:
    indices = [index for index, one in enumerate(_names(file)) if _upstream(one) == name]
    if not indices:
        return None
    rows = file.table[np.isin(file.table["name"], indices)]
    return np.asarray(rows[np.argsort(rows["due_ns"], kind="stable")])
