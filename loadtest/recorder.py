"""Answers into samples: what the canary writes down, and counts on the side."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schedule import Clock

from reports.evidence.samples import DEGRADED, INVALID, TIMEOUT, Sample, SampleWriter

__all__ = ["Answer", "Contents", "Recorder"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 and no body where nothing did."""

    status: int = 0
    flags: int = 0
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx or 3xx."""
        return 200 <= self.status < 400  # noqa: PLR2004


class Contents:
    """Keeps bodies as canonical JSON without the keys that change from answer to answer."""

    def __init__(self, writer: SampleWriter, drop_keys: frozenset[str]) -> None:
        self._writer = writer
        self._drop_keys = drop_keys

    def keep(self, body: bytes) -> int:
        """The content's number in the contents file. Raises ValueError where the body is not JSON."""
        try:
            document = json.loads(body, object_hook=self._without)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return self._writer.content(text)

    def _without(self, pairs: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in pairs.items() if key not in self._drop_keys}


class Recorder:
    """Writes a sample of each request and counts them; `seen` is called after each one written."""

    def __init__(
        self,
        name: str,
        writer: SampleWriter,
        clock: Clock,
        contents: Contents | None,
        seen: Callable[[], None],
    ) -> None:
        self._name = name
        self._writer = writer
        self._clock = clock
        self._contents = contents
        self._seen = seen
        self._counts: Counter[str] = Counter()
        self._lags: Counter[int] = Counter()

    def record(self, due_ns: int, sent_ns: int, ended_ns: int, answer: Answer) -> None:
        """Write one sample; the three times are `time.monotonic_ns`. Raises OSError when the disk refuses."""
        flags, content = self._judge(answer)
        lag_s = max(0, sent_ns - due_ns) / 1e9
        sample = Sample(
            due_ns=self._clock.utc_ns(due_ns),
            latency_s=max(0, ended_ns - due_ns) / 1e9,
            status=answer.status,
            flags=flags,
            name=self._name,
            lag_s=lag_s,
            content=content,
        )
        self._writer.write(sample)
        self._count(answer.ok, flags, lag_s)
        self._seen()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def count(self, what: str) -> None:
        """Count something that a sample cannot say."""
        self._counts[what] += 1

    def counts(self) -> dict[str, float]:
        """Requests by how they ended, and the canary's own lateness, to 0.1 ms."""
        names = ("good", "degraded", "failed", "timeout", "invalid", "unsent")
        return {
            "requests": self._lags.total(),
            **{name: self._counts[name] for name in names},
            "lag_p99_s": self._lag_s(0.99),
            "lag_max_s": self._lag_s(1.0),
        }

    def _judge(self, answer: Answer) -> tuple[int, int]:
        if self._contents is None or not answer.ok or answer.flags & INVALID:
            return answer.flags, 0
        try:
            return answer.flags, self._contents.keep(answer.body)
        except ValueError:
            return answer.flags | INVALID, 0

    def _count(self, ok: bool, flags: int, lag_s: float) -> None:
        self._lags[round(lag_s * 1e4)] += 1
        self._counts["timeout"] += bool(flags & TIMEOUT)
        self._counts["invalid"] += bool(flags & INVALID)
        failed = not ok or flags & ~DEGRADED
        self._counts["failed" if failed else "degraded" if flags & DEGRADED else "good"] += 1

    def _lag_s(self, share: float) -> float:
        wanted, seen = share * self._lags.total(), 0
        for lag in sorted(self._lags):
            seen += self._lags[lag]
            if seen >= wanted:
                return lag / 1e4
        return 0.0
