"""Figures of what users saw, named in an experiment as `probes.figures`."""

from probes.run.settling import recovered, settled

__all__ = [
    "availability",
    "availability_in_fault",
    "back_in_band_seconds",
    "degraded_answers",
    "downtime_seconds",
    "error_budget_spent",
    "latency_max_ms",
    "longest_gap_seconds",
    "others_slowed_ms",
    "settled_seconds",
    "slow_requests",
    "up_again_seconds",
]


def availability(source: str = "all") -> float:
    """Share of the run's requests, 0 to 1, that did not fail; degraded answers are answers.

    Args:
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return float(settled("availability", source=source))


def availability_in_fault(service: str, source: str = "all", timeout: float = 5.0) -> float:
    """Share of requests, 0 to 1, that did not fail while a fault was on: from its asking until users were well again.

    Args:
        service: the service that was broken.
        source: as for `failed_requests`.
        timeout: seconds to wait for the end of the fault.

    Raises:
        MissingEvidence: the fault did not end, or nothing was asked meanwhile.
    """
    return float(settled("availability_in_fault", timeout, service=service, source=source))


def error_budget_spent(objective: float, source: str = "all") -> float:
    """Share of the run's error budget that failed requests used up; 1 is all of it.

    Args:
        objective: the availability that was promised, as 0.999.
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: nothing was recorded, or the objective is not between 0 and 1.
    """
    return float(settled("error_budget_spent", objective=objective, source=source))


def degraded_answers(source: str = "all") -> int:
    """Requests that a fallback answered which said so. Raises MissingEvidence where nothing was recorded."""
    return int(settled("degraded_answers", source=source))


def latency_max_ms(source: str = "all") -> float:
    """Milliseconds that the slowest request took; one that was given up counts with its time-out.

    Args:
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: nothing was recorded.
    """
    return float(settled("latency_max_ms", source=source))


def slow_requests(limit_ms: float = 1000.0, source: str = "all") -> int:
    """Requests that were answered later than `limit_ms` milliseconds. Raises as `failed_requests` does."""
    return int(settled("slow_requests", limit_ms=limit_ms, source=source))


def downtime_seconds(canary: str = "") -> float:
    """Seconds in which a user would have failed: failed requests of a canary over its rate.

    Args:
        canary: its name; empty: the first one, which stands for the users.

    Raises:
        MissingEvidence: it was not recorded.
    """
    return float(settled("downtime_seconds", canary=canary))


def longest_gap_seconds(canary: str = "") -> float:
    """Longest stretch in seconds in which a canary got no answer that had not failed. As `downtime_seconds`."""
    return float(settled("longest_gap_seconds", canary=canary))


def settled_seconds(service: str, timeout: float = 30.0) -> float:
    """Seconds from the crash to the last bad or degraded answer to a user, once a second without any followed it.

    Args:
        service: the service that was broken.
        timeout: seconds to wait for that second; make it longer than the limit of the tolerance.

    Raises:
        ClaimUnmet: there was none within `timeout`.
        MissingEvidence: no fault, or no canary that stands for the users.
    """
    return recovered("settled_seconds", timeout, service=service)


def up_again_seconds(service: str, timeout: float = 30.0) -> float:
    """Seconds from the crash until the target reported the service up again: for one that no user sees.

    Up: started, and where it declares a health check, healthy after that; of several faults the longest.

    Args:
        service: the service that was broken.
        timeout: seconds to wait for it; make it longer than the limit of the tolerance.

    Raises:
        ClaimUnmet: it was not reported within `timeout`.
        MissingEvidence: no fault that ends the service's process.
    """
    return recovered("up_again_seconds", timeout, service=service)


def back_in_band_seconds(service: str, source: str = "all", timeout: float = 15.0) -> float:
    """Seconds from the crash until throughput and p95 were again as before it (docs/verdicts.md has the definition).

    Args:
        service: the service that was broken.
        source: as for `failed_requests`; with a load that changes by plan, a canary.
        timeout: seconds to wait for it; make it longer than the limit of the tolerance.

    Raises:
        ClaimUnmet: not within `timeout`.
        MissingEvidence: less than 3 s were recorded before the fault.
    """
    return recovered("back_in_band_seconds", timeout, service=service, source=source)


def others_slowed_ms(service: str, source: str = "load", request: str = "", timeout: float = 5.0) -> float:
    """How many milliseconds the p95 of other requests rose while a service was broken: no cascade, no rise.

    Args:
        service: the service that was broken.
        source: `load` or `canary:NAME`.
        request: only requests whose name contains it; choose those that do not need the broken service.
        timeout: seconds to wait for the end of the fault.

    Raises:
        MissingEvidence: too few such requests before the fault or while it was on.
    """
    return float(settled("others_slowed_ms", timeout, service=service, source=source, request=request))
