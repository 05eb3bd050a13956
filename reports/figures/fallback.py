"""Was the fallback served when it had to be, only then, and with the right contents."""

import json
from typing import Any

import numpy as np

from reports.evidence.reader import Evidence
from reports.evidence.records import Fault
from reports.evidence.tables import SampleFile, Source, degraded, done_ns, good, sent_ns
from reports.figures.lasting import LASTING, ended_ns
from reports.figures.missing import MissingEvidence
from reports.figures.recovery import died_event
from reports.figures.sources import ALL, from_source, users_canary
from reports.figures.windows import breaker_window, fault_spans, faults_of, transitions_of
from reports.words import N_, say

__all__ = ["degraded_outside_fault", "fallback_held"]


def degraded_outside_fault(evidence: Evidence, service: str, breaker: str, source: str = ALL) -> int:
    """Degraded answers of users that no fault of `service` explains.

    A fault explains what overlaps the time from its asking to the breaker's closing; where the breaker never
    opened it explains nothing. Raises MissingEvidence.
    """
    spans = fault_spans(faults_of(evidence, service))
    transitions = transitions_of(evidence, breaker)
    table = from_source(evidence, source).table
    outside = degraded(table)
    for fault, asked, following in spans:
        window = breaker_window(transitions, asked, following, _lasted_ns(evidence, fault, following))
        if window is not None:
            outside &= ~((sent_ns(table) <= window[1]) & (done_ns(table) >= window[0]))
    return int(outside.sum())


def _lasted_ns(evidence: Evidence, fault: Fault, following: int) -> int | None:
    """Until when it kept the breaker from closing for good: the last death of a loop, the end of one that lasts."""
    if fault.kind in LASTING:
        return ended_ns(evidence, fault)
    died = died_event(evidence, fault, following)
    return died.at_ns if fault.loop and died else None


def fallback_held(evidence: Evidence, service: str, canary: str = "", part: str = "") -> bool:
    """Whether each fault of `service` led to degraded answers, all with the last content known before it.

    `part` names the key of the JSON object to compare; empty: the whole body. A flag alone proves nothing, so
    an answer that differs, or is empty, makes this false. Raises MissingEvidence where no content was known.
    """
    source = users_canary(evidence, canary)
    spans = fault_spans(faults_of(evidence, service))
    return all(_held(source, asked, following, part) for _, asked, following in spans)


def _held(source: Source, asked: int, following: int, part: str) -> bool:
    known = _last_known(source, asked, part)
    served = [content for file in source.files for content in _served(file, asked, following, part)]
    return bool(served) and all(not _empty(content) and content == known for content in served)


def _last_known(source: Source, asked: int, part: str) -> Any:
    """The content of the last good answer that was complete before the fault was asked for."""
    known: tuple[int, str] | None = None
    for file in source.files:
        done = done_ns(file.table)
        before = np.flatnonzero(good(file.table) & (done < asked) & (file.table["content"] > 0))
        if not before.size:
            continue
        last = before[np.argmax(done[before])]
        text = file.contents.get(int(file.table["content"][last]))
        if text is not None and (known is None or int(done[last]) > known[0]):
            known = int(done[last]), text
    content = _part(known[1], part) if known else None
    if _empty(content):
        what = say("{part!r} in a content", part=part) if part else say("content")
        told = N_("{source} kept no {what} of a good answer from before the fault")
        raise MissingEvidence(say(told, source=source.name, what=what))
    return content


def _served(file: SampleFile, asked: int, following: int, part: str) -> list[Any]:
    done = done_ns(file.table)
    rows = degraded(file.table) & (done >= asked) & (done < following)
    numbers = set(file.table["content"][rows].tolist())
    if not numbers <= file.contents.keys():
        told = N_("{file} did not keep the content of every degraded answer")
        raise MissingEvidence(say(told, file=file.path.name))
    return [_part(file.contents[number], part) for number in numbers]


def _part(text: str, part: str) -> Any:
    """The value to compare, None where the text has no such part."""
    if not part:
        return text
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body.get(part) if isinstance(body, dict) else None


def _empty(content: Any) -> bool:
    return content is None or content in ("", [], {})
