"""Spans: each service says what it did for whom, and for how long. Off, a span is nothing and costs next to it.

The SDK is imported only where an endpoint is configured, and only after the service listens: start-up is
recovery time. Until then, and without an endpoint, every call here does nothing.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from services.common import log

__all__ = ["Span", "begin", "end", "event", "headers", "is_on", "note", "span", "under"]

_END_WITHIN_S = 0.7

_sdk: Any = None
"""services.common.tracing_sdk, once it is imported and set up."""


class Span:
    """What is going on; this one does nothing, those of the SDK do."""

    def set(self, **attributes: Any) -> None:
        """Say more about it; `__` in a name becomes a dot."""

    def event(self, name: str, **attributes: Any) -> None:
        """Something happened in it."""

    def fail(self, reason: str) -> None:
        """It did not succeed."""


_NOTHING = Span()


def begin(service: str, endpoints: Sequence[str]) -> None:
    """Set tracing up in a thread of its own; no-op without an endpoint."""
    if endpoints:
        threading.Thread(target=_set_up, args=(service, tuple(endpoints)), name="tracing", daemon=True).start()


def end() -> None:
    """Hand over what is left, within a moment: a collector that is dead holds up nobody."""
    if _sdk is not None:
        last = threading.Thread(target=_sdk.shutdown, name="tracing-end", daemon=True)
        last.start()
        last.join(_END_WITHIN_S)


def is_on() -> bool:
    """Whether spans are made."""
    return _sdk is not None


@contextmanager
def span(
    name: str,
    kind: str = "internal",
    *,
    carrier: Mapping[str, str] | None = None,
    current: bool = True,
    **attributes: Any,
) -> Iterator[Span]:
    """A span around the block: below the one that `carrier`'s headers name, else below the current one.

    `kind` is internal, server, client, producer or consumer. An exception marks it as failed and passes.
    With `current=False` it does not become the one that others come below: several at once.
    """
    if _sdk is None:
        yield _NOTHING
        return
    with _sdk.span(name, kind, carrier, current, attributes) as made:
        yield made


def under(span: Span) -> Any:
    """A context in which `span` is the current one."""
    return _sdk.under(span) if _sdk is not None and span is not _NOTHING else _Nowhere()


def headers() -> dict[str, str]:
    """What carries the current span to whom we call: W3C `traceparent`."""
    return _sdk.headers() if _sdk is not None else {}


def note(**attributes: Any) -> None:
    """Say more about the current span; `__` in a name becomes a dot."""
    if _sdk is not None:
        _sdk.current().set(**attributes)


def event(name: str, **attributes: Any) -> None:
    """Something happened in the current span."""
    if _sdk is not None:
        _sdk.current().event(name, **attributes)


class _Nowhere:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None


def _set_up(service: str, endpoints: tuple[str, ...]) -> None:
    global _sdk  # noqa: PLW0603 - a process is one service
    try:
        from services.common import tracing_sdk  # noqa: PLC0415 - late on purpose, see above

        tracing_sdk.begin(service, endpoints)
    except Exception as error:  # noqa: BLE001 - a service without traces is better than none
        log.event("tracing-failed", reason=f"{type(error).__name__}: {error}")
        return
    _sdk = tracing_sdk
    log.event("tracing", endpoints=list(endpoints))
