"""Figures: pure functions of the evidence, each a number or a yes or no that a claim can be made of."""

from collections.abc import Callable

from reports.figures import availability, band, breaker, copies, fallback, orders, outside, recovery, requests, up_again
from reports.figures.missing import MissingEvidence, NotRecovered
from reports.figures.receipts import Receipt, receipt
from reports.figures.steps import Step, fault_steps, recovery_steps

__all__ = [
    "FIGURES",
    "MissingEvidence",
    "NotRecovered",
    "Receipt",
    "Step",
    "fault_steps",
    "receipt",
    "recovery_steps",
]

FIGURES: dict[str, Callable[..., float | int | bool | str]] = {
    figure.__name__: figure
    for figure in (
        requests.answers,
        requests.availability,
        requests.degraded_answers,
        requests.downtime_seconds,
        requests.failed_requests,
        requests.good_answers,
        requests.latency_max_ms,
        requests.latency_p50_ms,
        requests.latency_p95_ms,
        requests.latency_p99_ms,
        requests.longest_gap_seconds,
        availability.availability_in_fault,
        availability.error_budget_spent,
        availability.others_slowed_ms,
        availability.slow_requests,
        band.back_in_band_seconds,
        breaker.calls_while_open,
        breaker.closes_after_success,
        breaker.failures_before_open,
        breaker.open_p95_ms,
        breaker.trial_calls,
        breaker.unmarked_fallbacks,
        copies.copies_serving,
        copies.copies_serving_at_end,
        fallback.degraded_outside_fault,
        fallback.fallback_held,
        orders.acknowledged_orders,
        orders.duplicated_orders,
        orders.lost_orders,
        orders.ordering_back_seconds,
        orders.recovered_orders,
        orders.unexpected_orders,
        outside.p95_while_away_ms,
        recovery.breaker_opened,
        recovery.recovery_seconds,
        recovery.settled_seconds,
        up_again.up_again_seconds,
    )
}
"""By name. Each takes the Evidence first; the rest of its parameters are its YAML arguments."""
