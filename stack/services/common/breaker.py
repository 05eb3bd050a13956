"""A circuit breaker, over interlock-cb: consecutive failures open it, one trial call closes it.

Why interlock-cb: its state machine counts an era at each transition and drops whatever was admitted in an
earlier one, so a late success cannot close an open breaker, and its half-open state admits a bounded number
of calls. With a window of the last n calls, a rate of 1.0 and one permitted call, "rate" becomes "n
consecutive failures" and "probes" the single trial.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from interlock import CircuitBreaker, CircuitOpenError, Config, State
from interlock.protocols import Clock, CoreEventListener
from prometheus_client import Counter, Gauge

from services.common import tracing
from services.common.settings import BreakerSettings

__all__ = ["Breaker", "BreakerOpen", "Transition"]

_KEPT = 1000
_NAMES = {State.CLOSED: "closed", State.OPEN: "open", State.HALF_OPEN: "half-open"}
_STATE = Gauge("breaker_state", "0 closed, 1 half-open, 2 open, -1 disabled", ["breaker"])
_VALUE = {"closed": 0, "half-open": 1, "open": 2, "disabled": -1}
_TRANSITIONS = Counter("breaker_transitions", "Changes of state", ["breaker", "to"])
_REJECTED = Counter("breaker_rejected", "Calls not made because the breaker was not closed", ["breaker"])

T = TypeVar("T")


class BreakerOpen(Exception):
    """The breaker did not let the call through."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state."""

    seq: int
    at_ns: int
    before: str
    after: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """As `/breakers` shows it."""
        return {
            "seq": self.seq,
            "at_ns": self.at_ns,
            "from": self.before,
            "to": self.after,
            "reason": self.reason,
        }


class Breaker(CoreEventListener):
    """Guards the calls to one dependency. Any exception of a call counts as a failure; cancelling does not."""

    def __init__(
        self,
        name: str,
        settings: BreakerSettings,
        clock: Clock | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        changed: Callable[[str, Transition], None] = lambda _name, _transition: None,
    ) -> None:
        self.name = name
        self._settings = settings
        self._now_ns = now_ns
        self._changed = changed
        self._failures = 0
        self._last = "none"
        self._seq = 0
        self._transitions: deque[Transition] = deque(maxlen=_KEPT)
        self._circuit = CircuitBreaker(name=name, config=_config(settings), clock=clock, listener=self)
        _STATE.labels(name).set(_VALUE[self.state])
        for after in _NAMES.values():
            _TRANSITIONS.labels(name, after)

    @property
    def state(self) -> str:
        """`closed`, `open`, `half-open` or `disabled`."""
        return _NAMES[self._circuit.state] if self._settings.enabled else "disabled"

    @property
    def reset_s(self) -> float:
        """Seconds from opening to the trial call."""
        return self._settings.reset_s

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """What `function` returns or raises; raises BreakerOpen instead of calling it when not closed."""
        if not self._settings.enabled:
            return await function()
        if tracing.is_on():
            tracing.note(**{f"breaker__{self.name}": self.state})
            if self.state != "closed":
                tracing.heed()
        try:
            async with self._circuit:
                return await self._observed(function)
        except CircuitOpenError:
            _REJECTED.labels(self.name).inc()
            tracing.event("breaker rejected the call", breaker=self.name, state=self.state)
            raise BreakerOpen(f"the breaker of {self.name} is {self.state}: {self._last}") from None

    def report(self) -> dict[str, Any]:
        """As `/breakers` shows it; `failures` are the consecutive ones."""
        return {
            "name": self.name,
            "enabled": self._settings.enabled,
            "state": self.state,
            "failures": self._failures,
            "transitions": [transition.as_json() for transition in self._transitions],
        }

    def on_state_change(self, *, name: str, old: State, new: State) -> None:
        """Called by interlock with each transition."""
        self._seq += 1
        before, after = _NAMES[old], _NAMES[new]
        transition = Transition(self._seq, self._now_ns(), before, after, self._reason(before, after))
        self._transitions.append(transition)
        if after == "closed":
            self._failures = 0
        _STATE.labels(name).set(_VALUE[after])
        _TRANSITIONS.labels(name, after).inc()
        tracing.event(f"breaker {after}", breaker=name, reason=transition.reason)
        self._changed(name, transition)

    async def _observed(self, function: Callable[[], Awaitable[T]]) -> T:
        era = self._seq
        try:
            result = await function()
        except Exception as error:
            if era == self._seq:
                self._failures += 1
                tracing.heed()
                self._last = str(error) or type(error).__name__
            raise
        if era == self._seq:
            self._failures = 0
        return result

    def _reason(self, before: str, after: str) -> str:
        if after == "half-open":
            return f"{self._settings.reset_s:g} s have passed: one trial call"
        if after == "closed":
            return "the trial call succeeded"
        if before == "half-open":
            return f"the trial call failed: {self._last}"
        return f"{self._settings.failures} consecutive failures, the last: {self._last}"


def _config(settings: BreakerSettings) -> Config:
    return Config(
        failure_rate_threshold=1.0,
        minimum_number_of_calls=settings.failures,
        window_size=settings.failures,
        permitted_calls_in_half_open=1,
        max_concurrent_probes=1,
        wait_duration_in_open=settings.reset_s,
        # slowness is judged by the time-out of each call: here nothing is slow
        slow_call_duration_threshold=86_400.0,
    )
