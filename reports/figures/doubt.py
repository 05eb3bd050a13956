"""How far off a time can be that a canary saw: between two of its requests nobody looked."""

from reports.evidence.tables import Source, done_ns, sent_ns

__all__ = ["since_the_one_before_s", "until_the_next_s"]


def since_the_one_before_s(source: Source, at: int | None) -> float | None:
    """Seconds from the sending of the request before to `at`, when an answer was complete.

    What the answer shows may be true since then: that is the canary's interval, what it was late (on a busy machine
    far more than its interval), and what the answer took. The interval where there is no such request; None: not known.
    """
    if at is None:
        return _interval_s(source)
    sent, done = sent_ns(source.table), done_ns(source.table)
    before = sent[sent < sent[done == at].min()]
    return (at - int(before.max())) / 1e9 if before.size else _interval_s(source)


def until_the_next_s(source: Source, at: int) -> float | None:
    """Seconds from the sending of the request whose answer was complete at `at` to that of the next one.

    What the answer shows may have been true until then. The interval where there is no next one; None: not known.
    """
    sent, done = sent_ns(source.table), done_ns(source.table)
    begun = int(sent[done == at].max())
    after = sent[sent > begun]
    return (int(after.min()) - begun) / 1e9 if after.size else _interval_s(source)


def _interval_s(source: Source) -> float | None:
    return None if source.rate is None else 1 / source.rate
