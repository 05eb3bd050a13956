"""What the observer itself added to a recovery that it watched, by this machine's own neighbour table."""

from reports.evidence.reader import Evidence
from reports.evidence.records import Neighbour
from reports.evidence.tables import Source, done_ns, failed, sent_ns
from reports.figures.windows import FOREVER

__all__ = ["waited_ns"]


def waited_ns(evidence: Evidence, source: Source, started: int, answered: int) -> int:
    """Nanoseconds between a start and the first answer that `source` may owe to its own neighbour entry alone.

    That is how long an entry was not resolved; of several the longest. The service can have been ready at any time
    within, so without an observer the first answer came at most this much earlier. 0 where the service, once it could
    be reached, still failed to answer: then it was what was waited for, and the entry cost nothing.
    """
    entries: dict[tuple[str, str], list[Neighbour]] = {}
    for change in evidence.neighbours:
        entries.setdefault((change.address, change.device), []).append(change)
    spans = [span for changes in entries.values() for span in _unresolved(changes, started, answered)]
    if not spans:
        return 0
    table = source.table
    reached = max(end for _, end in spans)
    if (failed(table) & (sent_ns(table) > reached) & (done_ns(table) < answered)).any():
        return 0
    return max(end - begin for begin, end in spans)


def _unresolved(changes: list[Neighbour], begin: int, end: int) -> list[tuple[int, int]]:
    """When an entry was not resolved between two times."""
    ends = [change.at_ns for change in changes[1:]] + [FOREVER]
    spans = [(change.at_ns, until) for change, until in zip(changes, ends, strict=True) if change.resolved is False]
    return [(max(at, begin), min(until, end)) for at, until in spans if at < end and until > begin]
