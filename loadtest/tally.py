"""Locust's statistics, told of many requests at once: one by one they cost as much as a sixth of a request does.

What is good is counted here and merged into Locust's entries as a master merges its workers': at each new second, at
each failure, and when `flush` is called. So the web page, the CSV files and the summary are what they always are, at
most a second late.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust import stats as locust_stats
from locust.env import Environment
from locust.runners import Runner
from locust.stats import RequestStats, StatsEntry

__all__ = ["Tally"]

_MOST = 500
"""Requests that are merged at once: more of them would hold the schedule up."""


class Tally:
    """Counts requests for `stats`; a listener of `events.request`."""

    def __init__(self, stats: RequestStats) -> None:
        self._stats = stats
        self._times: dict[tuple[str, str], list[float]] = {}
        self._lengths: Counter[tuple[str, str]] = Counter()
        self._count = 0
        self._last = 0.0

    @classmethod
    @contextmanager
    def of(cls, environment: Environment) -> Iterator[None]:
        """Count in the block in place of the runner's own listener; a Locust that has another one counts as it does."""
        hook, tally = environment.events.request, cls(environment.runner.stats)
        theirs = [one for one in hook._handlers if one.__module__ == Runner.__module__]  # noqa: SLF001 - no other way
        if len(theirs) != 1:
            yield
            return
        hook.remove_listener(theirs[0])
        hook.add_listener(tally.add)
        flushing = gevent.spawn(tally.keep_up)
        try:
            yield
        finally:
            flushing.kill()
            tally.flush()
            hook.remove_listener(tally.add)
            hook.add_listener(theirs[0])

    def add(
        self,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int,
        exception: Any = None,
        **_: Any,
    ) -> None:
        """Count a request; `response_time` in milliseconds."""
        now = time.time()
        if exception or int(now) != int(self._last) or self._count >= _MOST:
            self.flush()
        self._last = now
        if exception:
            self._stats.log_request(request_type, name, response_time, response_length)  # type: ignore[arg-type]
            self._stats.log_error(request_type, name, exception)
            return
        key = name, request_type
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = []
        times.append(response_time)
        self._lengths[key] += response_length
        self._count += 1

    def keep_up(self) -> None:
        """Flush each second, until killed."""
        while True:
            gevent.sleep(1)
            self.flush()

    def flush(self) -> None:
        """Merge what was counted."""
        for key, times in self._times.items():
            entry = self._entry(key, times)
            self._stats.entries[key].extend(entry)
            self._stats.total.extend(entry)
        self._times, self._count = {}, 0
        self._lengths.clear()

    def _entry(self, key: tuple[str, str], times: list[float]) -> StatsEntry:
        entry = StatsEntry(self._stats, *key)
        entry.num_requests = len(times)
        entry.num_reqs_per_sec = {int(self._last): len(times)}
        entry.last_request_timestamp = self._last
        entry.total_response_time = sum(times)
        entry.min_response_time, entry.max_response_time = min(times), max(times)
        entry.response_times = Counter(map(locust_stats.bucket_response_time, times))
        entry.total_content_length = self._lengths[key]
        return entry
