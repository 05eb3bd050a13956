"""The series of `metrics`, made with Prometheus' client."""

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

__all__ = ["count", "page"]

_REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status", "degraded"])
_SECONDS = Histogram(
    "http_request_seconds",
    "Seconds from request to answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)


def count(answers: Iterable[tuple[str, str, int, str, float]]) -> None:
    """Count answers: method, route, status, whether degraded, and seconds."""
    for method, route, status, degraded, seconds in answers:
        _REQUESTS.labels(method, route, status, degraded).inc()
        _SECONDS.labels(method, route).observe(seconds)


def page() -> tuple[bytes, str]:
    """The metrics of this process as text, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
