"""Spans out of an OTLP message, bounded and without secrets, whatever was sent.

A text that is too long is left out whole, and its length said: cut somewhere, it could end in a half of a secret
that nobody who looks for whole ones would find.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from reports.evidence.secrets import MASK, is_secret_name

__all__ = ["Span", "read_spans"]

_LONGEST = 300
_MOST = 32
_PROJECT = "stehauf.project"
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_KINDS = {0: "internal", 1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Ids are hexadecimal, times UTC nanoseconds."""

    trace: str
    id: str
    parent: str | None
    service: str
    name: str
    kind: str
    begin_ns: int
    end_ns: int
    error: str | None
    """Why it did not succeed; None where it did."""
    attributes: dict[str, Any]
    events: tuple[dict[str, Any], ...]
    project: str | None
    """Whose it is, where the service was told: not on the line."""

    @property
    def is_eventful(self) -> bool:
        """Whether something out of the ordinary happened in it."""
        return self.error is not None or any(
            "breaker" in one["name"] or "fallback" in one["name"] for one in self.events
        )

    @property
    def is_valid(self) -> bool:
        """Whether it has the ids that OpenTelemetry asks for: without them spans of anybody would be one trace."""
        return len(self.trace) == _TRACE_DIGITS and len(self.id) == _SPAN_DIGITS and bool(self.trace.strip("0"))

    def as_line(self) -> dict[str, Any]:
        """As `spans.jsonl` has it."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "project"}


def read_spans(message: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span in a message; `is_valid` tells those that have no ids."""
    for resource in message.resource_spans:
        told = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        service, project = _text(told.get("service.name") or "unnamed"), told.get(_PROJECT)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(span, service, project)


def _span(span: trace_pb2.Span, service: str, project: str | None) -> Span:
    failed = span.status.code == trace_pb2.Status.STATUS_CODE_ERROR
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        service=service,
        name=_text(span.name),
        kind=_KINDS.get(span.kind, "internal"),
        begin_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        error=(_text(span.status.message) or "failed") if failed else None,
        attributes=_attributes(span.attributes),
        events=tuple(
            {
                "at_ns": event.time_unix_nano,
                "name": _text(event.name),
                "attributes": _attributes(event.attributes),
            }
            for event in span.events[:_MOST]
        ),
        project=project,
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """The first of them; an array or a mapping as its kind alone."""
    return {
        _text(pair.key): MASK if is_secret_name(pair.key) else _value(pair.value)
        for pair, _ in zip(pairs, range(_MOST), strict=False)
    }


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind in {"bool_value", "int_value", "double_value"}:
        return getattr(value, str(kind))
    return _text(value.string_value) if kind == "string_value" else str(kind)


def _text(text: str) -> str:
    return text if len(text) <= _LONGEST else f"({len(text)} characters)"
