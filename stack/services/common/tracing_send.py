"""Hands spans to collectors: OTLP over HTTP, one try a batch, and silence for a while where nobody answers.

Not the SDK's own exporter over HTTP: that one brings `requests`, a second pool of connections and retries, and
lets a dead collector hold a shutdown for seconds.
"""

import http.client
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

__all__ = ["Collector", "Collectors"]

_TIMEOUT_S = 1.0
_PAUSES_S = (0.25, 0.5, 1.0)
_OK = range(200, 300)


class Collectors(SpanExporter):
    """Every batch to each of them."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        self._collectors = [Collector(endpoint) for endpoint in endpoints]

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand a batch over; what no collector takes is lost, and nobody waits for it."""
        ready = [collector for collector in self._collectors if collector.is_ready()]
        if not ready:
            return SpanExportResult.FAILURE
        body = encode_spans(spans).SerializeToString()
        taken = [collector.send(body) for collector in ready]
        return SpanExportResult.SUCCESS if all(taken) else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Close the connections."""
        for collector in self._collectors:
            collector.close()


class Collector:
    """One endpoint, with a kept connection."""

    def __init__(self, endpoint: str, clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(endpoint)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        self._path = f"{parts.path.rstrip('/')}/v1/traces"
        self._clock = clock
        self._failures = 0
        self._quiet_until = 0.0

    def is_ready(self) -> bool:
        """Whether it is worth a try now: after a failure not for a quarter of a second, then a half, then one."""
        return self._clock() >= self._quiet_until

    def send(self, body: bytes) -> bool:
        """Whether it took the batch."""
        try:
            self._connection.request("POST", self._path, body, {"Content-Type": "application/x-protobuf"})
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return self._failed()
        if answer.status not in _OK:
            return self._failed()
        self._failures = 0
        return True

    def close(self) -> None:
        """Close the connection; the next try opens another one."""
        with suppress(OSError):
            self._connection.close()

    def _failed(self) -> bool:
        pause = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1
        self._quiet_until = self._clock() + pause
        return False
