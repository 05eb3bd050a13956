"""Figures of the run so far, each a probe to put a tolerance on.

A figure is a pure function of the evidence (`reports.figures`). The verdict computes it again from the
complete evidence and holds it against the same tolerance: what happens after the probe has looked counts too.
"""

import time

import requests

from probes.figures_of_breakers import (
    breaker_opened,
    calls_while_open,
    closes_after_success,
    copies_serving,
    copies_serving_at_end,
    failures_before_open,
    open_p95_ms,
    p95_while_away_ms,
    trial_calls,
    unmarked_fallbacks,
)
from probes.figures_of_users import (
    availability,
    availability_in_fault,
    back_in_band_seconds,
    degraded_answers,
    downtime_seconds,
    error_budget_spent,
    latency_max_ms,
    longest_gap_seconds,
    others_slowed_ms,
    settled_seconds,
    slow_requests,
    up_again_seconds,
)
from probes.run.orders import OrderCount
from probes.run.session import current
from probes.run.settling import recovered, settled
from reports.evidence.reader import Evidence
from reports.figures import FIGURES, MissingEvidence

__all__ = [
    "availability",
    "availability_in_fault",
    "back_in_band_seconds",
    "breaker_opened",
    "calls_while_open",
    "closes_after_success",
    "copies_serving",
    "copies_serving_at_end",
    "degraded_answers",
    "degraded_outside_fault",
    "downtime_seconds",
    "duplicated_orders",
    "error_budget_spent",
    "failed_requests",
    "failures_before_open",
    "fallback_held",
    "latency_max_ms",
    "latency_p95_ms",
    "longest_gap_seconds",
    "lost_orders",
    "open_p95_ms",
    "ordering_back_seconds",
    "others_slowed_ms",
    "p95_while_away_ms",
    "recovery_seconds",
    "settled_seconds",
    "slow_requests",
    "trial_calls",
    "unexpected_orders",
    "unmarked_fallbacks",
    "up_again_seconds",
]

_EVERY_S = 0.2


def recovery_seconds(service: str, canary: str = "", timeout: float = 30.0, fault: str = "") -> float:
    """Seconds from the crash to the first good answer that a user got again; of several faults the longest.

    Of a fault that lasts (a hang, say) from its end.

    Args:
        service: the service that was broken.
        canary: the canary whose answers count; empty: the first one, which stands for the users.
        timeout: seconds to wait for it; make it longer than the limit of the tolerance.
        fault: `crash` or `crash_loop`, to take faults of that kind alone; a loop counts from its first crash.

    Raises:
        ClaimUnmet: it did not come back within `timeout`.
        MissingEvidence: no fault, or no canary, to take the figure from.
    """
    return recovered("recovery_seconds", timeout, service=service, canary=canary, fault=fault)


def failed_requests(source: str = "all") -> int:
    """Requests that got no answer, an error, or an answer with the wrong content.

    Args:
        source: `load`, `canary:NAME`, or `all`: the load and the canary that stands for the users.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return int(settled("failed_requests", source=source))


def degraded_outside_fault(service: str, breaker: str, timeout: float = 5.0) -> int:
    """Degraded answers before the crash was asked for, or after the breaker had closed again.

    Args:
        service: the service that was broken.
        breaker: the circuit breaker that guards the calls to it.
        timeout: seconds to wait for the breaker's last transition to be read.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return int(settled("degraded_outside_fault", timeout, service=service, breaker=breaker))


def fallback_held(service: str, canary: str, part: str = "") -> bool:
    """Whether users got fallbacks while the service was away, each with the last known contents.

    Args:
        service: the service that was broken.
        canary: the canary whose contents are kept.
        part: key of the answer's JSON object to compare; empty: all of it.

    Raises:
        MissingEvidence: no contents were known from before the fault.
    """
    return bool(settled("fallback_held", service=service, canary=canary, part=part))


def latency_p95_ms(source: str = "all") -> float:
    """95th percentile of the latency of all requests so far, in milliseconds, exact.

    Args:
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return float(settled("latency_p95_ms", source=source))


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
    return recovered("ordering_back_seconds", timeout, service=service)


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
