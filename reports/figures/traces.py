"""Which of the recorded traces show best what one request went through: before, while open, recovered."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reports.evidence.reader import Evidence
from reports.evidence.records import Span
from reports.figures.windows import FOREVER, breaker_window

__all__ = ["Exemplar", "Trace", "exemplars", "traces"]


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one request, in order of time; the first is its root."""

    spans: tuple[Span, ...]

    @property
    def root(self) -> Span:
        """The span that the request began with."""
        return self.spans[0]

    @property
    def end_ns(self) -> int:
        """When the last of its spans ended: may be long after the request was answered."""
        return max(span.end_ns for span in self.spans)

    @property
    def length_ns(self) -> int:
        """From its beginning to the end of its last span."""
        return self.end_ns - self.root.begin_ns

    @property
    def services(self) -> tuple[str, ...]:
        """Those that took part, in order of appearance."""
        return tuple(dict.fromkeys(span.service for span in self.spans))

    def happened(self, word: str) -> bool:
        """Whether an event with this word in its name is on any of its spans."""
        return any(word in str(event.get("name")) for span in self.spans for event in span.events)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A trace, and what it stands for: before, open (fault, where no breaker opened), recovered or whole."""

    when: str
    trace: Trace


def traces(evidence: Evidence) -> tuple[Trace, ...]:
    """The traces that begin with a request from outside, in order of time; none that lacks its root."""
    by_id: dict[str, list[Span]] = defaultdict(list)
    for span in evidence.spans:
        by_id[span.trace].append(span)
    found = []
    for spans in by_id.values():
        roots = [span for span in spans if span.parent is None and span.kind == "server"]
        if len(roots) == 1:
            rest = sorted((span for span in spans if span is not roots[0]), key=lambda span: span.begin_ns)
            found.append(Trace((roots[0], *rest)))
    return tuple(sorted(found, key=lambda trace: trace.root.begin_ns))


def exemplars(evidence: Evidence) -> tuple[Exemplar, ...]:
    """Up to three requests of one kind, and the one that went the longest way; none without a fault or traces.

    The kind is the one that fell back most often while the breaker was open, or else while the fault was on.
    Of several that would do, the one with the median length is taken: no show piece.
    """
    found = traces(evidence)
    window = _window(evidence)
    if not found or window is None:
        return ()
    asked, opened, closed, is_open = window
    ended = [trace for trace in found if opened <= trace.root.begin_ns and trace.root.end_ns <= closed]
    held = [trace for trace in ended if trace.happened("fallback")] or ended
    rejected = [trace for trace in held if trace.happened("rejected")] or held
    kinds = Counter(trace.root.name for trace in rejected)
    kind = kinds.most_common(1)[0][0] if kinds else Counter(trace.root.name for trace in found).most_common(1)[0][0]
    candidates: dict[str, Iterable[Trace]] = {
        "before": _of(found, kind, lambda trace: trace.end_ns < asked),
        "open" if is_open else "fault": _of(rejected, kind, lambda _: True),
        "recovered": _of(found, kind, lambda trace: trace.root.begin_ns > closed and not trace.happened("fallback")),
    }
    chosen = [Exemplar(when, trace) for when, some in candidates.items() if (trace := _median(_fullest(some)))]
    longest = _median(_fullest(found))
    if longest and all(len(longest.services) > len(one.trace.services) for one in chosen):
        chosen.append(Exemplar("whole", longest))
    return tuple(chosen)


def _of(found: Iterable[Trace], kind: str, wanted: Callable[[Trace], bool]) -> list[Trace]:
    return [trace for trace in found if trace.root.name == kind and wanted(trace)]


def _window(evidence: Evidence) -> tuple[int, int, int, bool] | None:
    """When the first fault was asked for, the breaker opened and closed again, and True.

    Where none opened, the fault itself from its asking to the next start, and False. None without a fault.
    """
    asked = min((fault.asked_ns for fault in evidence.faults if fault.asked_ns is not None), default=None)
    if asked is None:
        return None
    for breaker in dict.fromkeys(item.breaker for item in evidence.transitions):
        moves = tuple(item for item in evidence.transitions if item.breaker == breaker and item.before is not None)
        span = breaker_window(moves, asked, FOREVER)
        if span is not None:
            opened = min(item.time_ns for item in moves if item.after == "open" and item.time_ns >= asked)
            return asked, opened, span[1], True
    good = [event.at_ns for event in evidence.events if event.kind == "start" and event.at_ns > asked]
    return asked, asked, min(good, default=FOREVER), False


def _fullest(found: Iterable[Trace]) -> list[Trace]:
    """Those in which most services took part: of a part that came late, nothing is missing."""
    listed = list(found)
    most = max((len(trace.services) for trace in listed), default=0)
    return [trace for trace in listed if len(trace.services) == most]


def _median(found: list[Trace]) -> Trace | None:
    return sorted(found, key=lambda trace: trace.length_ns)[len(found) // 2] if found else None
