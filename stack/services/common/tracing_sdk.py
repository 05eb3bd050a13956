"""The side of `tracing` that needs the SDK; imported late, by it alone."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.common.tracing import Span
from services.common.tracing_send import Collectors

__all__ = ["begin", "current", "has_current", "headers", "shutdown", "span", "under"]

_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_BATCH_MS = 300
_QUEUE = 4096
"""Spans that wait at most; what comes on top is dropped rather than kept."""
_LONGEST = 300

_propagator = TraceContextTextMapPropagator()
_tracer: trace.Tracer = trace.NoOpTracer()
_provider: TracerProvider | None = None


class _Real(Span):
    """A span of the SDK."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, **attributes: Any) -> None:
        if self._span.is_recording():
            self._span.set_attributes(_named(attributes))

    def event(self, name: str, **attributes: Any) -> None:
        if self._span.is_recording():
            self._span.add_event(name, _named(attributes))

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason[:_LONGEST]))


def begin(service: str, endpoints: tuple[str, ...]) -> None:
    """Make the tracer of this process."""
    global _provider, _tracer
    # what it says of a collector that is away, it would say twice a second
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    batches = BatchSpanProcessor(
        Collectors(endpoints), max_queue_size=_QUEUE, schedule_delay_millis=_BATCH_MS, max_export_batch_size=512
    )
    provider.add_span_processor(batches)
    _provider, _tracer = provider, provider.get_tracer("stehauf")


def shutdown() -> None:
    """Hand over what is left; may take as long as a collector takes to answer."""
    if _provider is not None:
        _provider.shutdown()


@contextmanager
def span(
    name: str, kind: str, carrier: Mapping[str, str] | None, is_current: bool, attributes: Mapping[str, Any]
) -> Iterator[Span]:
    """See `tracing.span`."""
    above = None if carrier is None else _propagator.extract(carrier, context.Context())
    made = _tracer.start_span(name, above, _KINDS[kind], _named(attributes))
    token = context.attach(trace.set_span_in_context(made)) if is_current else None
    real = _Real(made)
    try:
        yield real
    except Exception as error:
        real.fail(str(error) or type(error).__name__)
        raise
    finally:
        if token is not None:
            context.detach(token)
        made.end()


@contextmanager
def under(above: Span) -> Iterator[None]:
    """See `tracing.under`."""
    if not isinstance(above, _Real):
        yield
        return
    token = context.attach(trace.set_span_in_context(above._span))  # noqa: SLF001 - the two are one
    try:
        yield
    finally:
        context.detach(token)


def headers() -> dict[str, str]:
    """See `tracing.headers`."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier


def has_current() -> bool:
    """Whether there is a span that others would come below."""
    return trace.get_current_span() is not trace.INVALID_SPAN


def current() -> Span:
    """The current span; one that does nothing where there is none."""
    return _Real(trace.get_current_span())


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.replace("__", "."): value[:_LONGEST] if isinstance(value, str) else value
        for name, value in attributes.items()
        if value is not None
    }
