"""Spans: each service says what it did for whom, and for how long. Off, a span is nothing and costs next to it.

Not every request is traced: so many a second, evenly, and more for a while after something happened. A request
that is not traced costs nothing, here and in the services behind it, so the cost is bounded whatever the load.

The SDK is imported only where an endpoint is configured, and only a second after the service listens:
start-up is recovery time. Until then, and without an endpoint, every call here does nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from services.common import log

__all__ = ["Budget", "Span", "begin", "end", "event", "headers", "heed", "is_on", "note", "span", "under"]

_END_WITHIN_S = 0.7
_LATER_S = 1.0
"""Seconds after listening: the import takes the processor, and the first answers are part of a recovery."""

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


class Budget:
    """How many requests are traced: `per_second`, and up to `EXTRA` more within the two seconds after `heed`."""

    EXTRA = 200
    _BURST_S = 0.2
    _HEED_S = 2.0

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._most = max(1.0, per_second * self._BURST_S)
        self._left = self._most
        self._at = clock()
        self._extra = 0
        self._heed_until = 0.0

    def take(self) -> bool:
        """Whether this request is traced."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return True
        if now < self._heed_until and self._extra > 0:
            self._extra -= 1
            return True
        return False

    def heed(self) -> None:
        """Something happened: look closer for a while. What goes on happening is not looked at ever closer."""
        now = self._clock()
        if now >= self._heed_until:
            self._heed_until, self._extra = now + self._HEED_S, self.EXTRA


_NOTHING = Span()
_UNTRACED = {"traceparent": f"00-{'1' * 32}-{'1' * 16}-00"}
"""Tells whom we call that this request is not traced: else they would begin a trace of their own."""
_budget = Budget(25)
_configured = False
_passing: ContextVar[str | None] = ContextVar("passing", default=None)
"""What came with a request while the SDK is not there yet: it is passed on, so that the trace does not end here."""


def begin(service: str, endpoints: Sequence[str], per_second: float = 25) -> None:
    """Set tracing up in a thread of its own; no-op without an endpoint."""
    global _budget, _configured  # noqa: PLW0603 - a process is one service
    if endpoints:
        _configured = True
        _budget = Budget(per_second)
        threading.Thread(target=_set_up, args=(service, tuple(endpoints)), name="tracing", daemon=True).start()


def end() -> None:
    """Hand over what is left, within a moment: a collector that is dead holds up nobody."""
    if _sdk is not None:
        last = threading.Thread(target=_sdk.shutdown, name="tracing-end", daemon=True)
        last.start()
        last.join(_END_WITHIN_S)


def is_on() -> bool:
    """Whether spans are made, or will be in a moment."""
    return _configured or _sdk is not None


@contextmanager
def span(
    name: str,
    kind: str = "internal",
    *,
    carrier: Mapping[str, str] | None = None,
    current: bool = True,
    root: bool = False,
    **attributes: Any,
) -> Iterator[Span]:
    """A span around the block: below the one that `carrier`'s headers name, else below the current one.

    Where there is neither, only a server span, or one with `root`, begins a trace, if the budget has one left.
    `kind` is internal, server, client, producer or consumer. An exception marks it as failed and passes.
    With `current=False` it does not become the one that others come below: several at once.
    """
    if _sdk is None:
        with _passed_on(carrier):
            yield _NOTHING
        return
    if not _is_traced(carrier, begins=root or kind == "server"):
        yield _NOTHING
        return
    with _sdk.span(name, kind, carrier, current, attributes) as made:
        yield made


def under(span: Span) -> Any:
    """A context in which `span` is the current one."""
    return _sdk.under(span) if _sdk is not None and span is not _NOTHING else _Nowhere()


def headers() -> dict[str, str]:
    """What carries the current span to whom we call: W3C `traceparent`."""
    if _sdk is not None:
        return _sdk.headers() or _UNTRACED
    return {"traceparent": passing} if (passing := _passing.get()) else {}


def heed() -> None:
    """Something out of the ordinary happens: look closer for a while."""
    if _sdk is not None:
        _budget.heed()


def note(**attributes: Any) -> None:
    """Say more about the current span; `__` in a name becomes a dot."""
    if _sdk is not None:
        _sdk.current().set(**attributes)


def event(name: str, **attributes: Any) -> None:
    """Something happened in the current span."""
    if _sdk is not None:
        _sdk.current().event(name, **attributes)


def _is_traced(carrier: Mapping[str, str] | None, *, begins: bool) -> bool:
    told = carrier.get("traceparent") if carrier is not None else None
    if told is not None:
        return not told.endswith("-00")
    if carrier is None and _sdk.has_current():
        return True
    return begins and _budget.take()


@contextmanager
def _passed_on(carrier: Mapping[str, str] | None) -> Iterator[None]:
    if not _configured or carrier is None:
        yield
        return
    token = _passing.set(carrier.get("traceparent"))
    try:
        yield
    finally:
        _passing.reset(token)


class _Nowhere:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None


def _set_up(service: str, endpoints: tuple[str, ...]) -> None:
    global _sdk  # noqa: PLW0603 - a process is one service
    time.sleep(_LATER_S)
    try:
        from services.common import tracing_sdk  # noqa: PLC0415 - late on purpose, see above

        tracing_sdk.begin(service, endpoints)
    except Exception as error:  # noqa: BLE001 - a service without traces is better than none
        log.event("tracing-failed", reason=f"{type(error).__name__}: {error}")
        return
    _sdk = tracing_sdk
    log.event("tracing", endpoints=list(endpoints))
