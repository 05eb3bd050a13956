"""Figures of the run so far, each a probe to put a tolerance on.

A figure is a pure function of the evidence (`reports.figures`). The verdict computes it again from the
complete evidence and holds it against the same tolerance: what happens after the probe has looked counts too.
"""

import time
from typing import Any

import requests

from probes.errors import ClaimUnmet
from probes.run.orders import OrderCount
from probes.run.session import current
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence, NotRecovered

__all__ = [
    "breaker_opened",
    "degraded_outside_fault",
    "duplicated_orders",
    "failed_requests",
    "fallback_held",
    "latency_p95_ms",
    "lost_orders",
    "ordering_back_seconds",
    "recovery_seconds",
    "unexpected_orders",
]

_EVERY_S = 0.2


def recovery_seconds(service: str, canary: str = "", timeout: float = 30.0, fault: str = "") -> float:
    """Seconds from the crash to the first good answer that a user got again; of several faults the longest.

    Args:
        service: the service that was broken.
        canary: the canary whose answers count; empty: the first one, which stands for the users.
        timeout: seconds to wait for it; make it longer than the limit of the tolerance.
        fault: `crash` or `crash_loop`, to take faults of that kind alone; a loop counts from its first crash.

    Raises:
        ClaimUnmet: it did not come back within `timeout`.
        MissingEvidence: no fault, or no canary, to take the figure from.
    """
    try:
        return float(_settled("recovery_seconds", timeout, service=service, canary=canary, fault=fault))
    except NotRecovered as error:
        raise ClaimUnmet(f"{error} (waited {timeout:g} s)") from error


def breaker_opened(breaker: str, timeout: float = 5.0) -> int:
    """How often a circuit breaker opened. Raises MissingEvidence where none was followed."""
    return int(_settled("breaker_opened", timeout, breaker=breaker))


def failed_requests(source: str = "all") -> int:
    """Requests that got no answer, an error, or an answer with the wrong content.

    Args:
        source: `load`, `canary:NAME`, or `all`: the load and the canary that stands for the users.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return int(_settled("failed_requests", source=source))


def degraded_outside_fault(service: str, breaker: str, timeout: float = 5.0) -> int:
    """Degraded answers before the crash was asked for, or after the breaker had closed again.

    Args:
        service: the service that was broken.
        breaker: the circuit breaker that guards the calls to it.
        timeout: seconds to wait for the breaker's last transition to be read.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return int(_settled("degraded_outside_fault", timeout, service=service, breaker=breaker))


def fallback_held(service: str, canary: str, part: str = "") -> bool:
    """Whether users got fallbacks while the service was away, each with the last known contents.

    Args:
        service: the service that was broken.
        canary: the canary whose contents are kept.
        part: key of the answer's JSON object to compare; empty: all of it.

    Raises:
        MissingEvidence: no contents were known from before the fault.
    """
    return bool(_settled("fallback_held", service=service, canary=canary, part=part))


def latency_p95_ms(source: str = "all") -> float:
    """95th percentile of the latency of all requests so far, in milliseconds, exact.

    Args:
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return float(_settled("latency_p95_ms", source=source))


def lost_orders(timeout: float = 15.0) -> int:
    """Orders acknowledged before the probe, and not fulfilled within `timeout` seconds.

    Raises:
        MissingEvidence: no order was acknowledged, or fulfilments are not observed.
    """
    return _once_fulfilled(timeout).waiting


def duplicated_orders(timeout: float = 15.0) -> int:
    """Orders that were fulfilled more than once. Raises as `lost_orders` does."""
    return _once_fulfilled(timeout).duplicated


def unexpected_orders(timeout: float = 15.0) -> int:
    """Orders that were fulfilled though they had been refused, or neither load nor experiment had placed them.

    Raises as `lost_orders` does.
    """
    return _once_fulfilled(timeout).unexpected


def ordering_back_seconds(service: str, timeout: float = 30.0) -> float:
    """Seconds from the crash to the first order acknowledged after the last that was not; 0: all of them were.

    Args:
        service: the service that was broken.
        timeout: seconds to wait for it; make it longer than the limit of the tolerance.

    Raises:
        ClaimUnmet: no order was acknowledged again within `timeout`.
        MissingEvidence: no fault, or no order after it.
    """
    try:
        return float(_settled("ordering_back_seconds", timeout, service=service))
    except NotRecovered as error:
        raise ClaimUnmet(f"{error} (waited {timeout:g} s)") from error


def _once_fulfilled(timeout: float) -> OrderCount:
    """Ask for new fulfilments until nothing is open, or the time is over."""
    session = current()
    if session.orders is None:
        raise MissingEvidence("fulfilments are not observed: give the control the argument 'orders'")
    FIGURES["acknowledged_orders"](Evidence(session.directory))
    deadline, asked_ns = time.monotonic() + timeout, time.time_ns()
    while True:
        last = time.monotonic() >= deadline
        try:
            count = session.orders.collect(asked_ns)
            if last or (count.waiting == 0 and count.unexpected == 0):
                return count
        except (requests.RequestException, ValueError) as error:
            if last:
                raise MissingEvidence(f"the list of fulfilments does not answer: {error}") from error
        session.check()
        time.sleep(_EVERY_S)


def _settled(figure: str, timeout: float = 0.0, **arguments: Any) -> Any:
    """The figure, once the evidence for it is there."""
    session = current()
    deadline = time.monotonic() + timeout
    while True:
        try:
            return FIGURES[figure](Evidence(session.directory), **arguments)
        except MissingEvidence:
            if time.monotonic() >= deadline:
                raise
        session.check()
        time.sleep(_EVERY_S)
