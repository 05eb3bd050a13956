"""Figures of circuit breakers and of what was called, named in an experiment as `probes.figures`."""

from typing import Any

from probes.run.settling import settled, settled_for_breakers

__all__ = [
    "breaker_opened",
    "calls_while_open",
    "closes_after_success",
    "copies_serving",
    "copies_serving_at_end",
    "failures_before_open",
    "open_p95_ms",
    "p95_while_away_ms",
    "trial_calls",
    "unmarked_fallbacks",
]

_ANEW_S = 5.0
"""Seconds in which breakers and calls have to be read anew."""


def breaker_opened(breaker: str, timeout: float = 5.0) -> int:
    """How often a circuit breaker opened. Raises MissingEvidence where none was followed."""
    return int(settled_for_breakers("breaker_opened", timeout, breaker=breaker))


def failures_before_open(breaker: str, configured: int = 3, upstream: str = "", timeout: float = 5.0) -> int:
    """Consecutive failed calls after which the breaker opened, by the caller's count; worst where several differ.

    Where it did not open although it should have, the failures that it let pass.

    Args:
        breaker: its name where breakers are listed.
        configured: failures that are to open it.
        upstream: name under which its calls are listed; empty: the breaker's own.
        timeout: seconds to wait for the evidence.

    Raises:
        MissingEvidence: calls were not listed (control's argument `calls`), or it neither opened nor should have.
    """
    asked: dict[str, Any] = {"breaker": breaker, "configured": configured, "upstream": upstream}
    return int(settled_for_breakers("failures_before_open", timeout, **asked))


def calls_while_open(breaker: str, upstream: str = "", timeout: float = 5.0) -> int:
    """Calls that the caller made while its breaker was open: 0 of a breaker, many of a mere try and except.

    Args:
        breaker: its name where breakers are listed.
        upstream: name under which its calls are listed; empty: the breaker's own.
        timeout: seconds to wait for the evidence.

    Raises:
        MissingEvidence: calls were not listed, the breaker never opened, or nobody asked for anything meanwhile.
    """
    return int(settled_for_breakers("calls_while_open", timeout, breaker=breaker, upstream=upstream))


def trial_calls(breaker: str, upstream: str = "", timeout: float = 5.0) -> int:
    """Calls that the caller made while its breaker was half-open: 1; of several times the one farthest from it.

    Args:
        breaker: its name where breakers are listed.
        upstream: name under which its calls are listed; empty: the breaker's own.
        timeout: seconds to wait for the evidence.

    Raises:
        MissingEvidence: calls were not listed, or the breaker was never half-open.
    """
    return int(settled_for_breakers("trial_calls", timeout, breaker=breaker, upstream=upstream))


def copies_serving(service: str, upstream: str = "", timeout: float = 5.0) -> int:
    """Copies of a service that answered in the three seconds before the first fault of it.

    A copy that nobody asks is missed by nobody: claim it where the claim is that users did not notice.

    Args:
        service: the service that was broken.
        upstream: name under which its calls are listed; empty: the service's own.
        timeout: seconds to wait for the evidence.

    Raises:
        MissingEvidence: calls were not listed (control's argument `calls`), or do not say which copy was asked.
    """
    return int(settled_for_breakers("copies_serving", timeout, service=service, upstream=upstream))


def copies_serving_at_end(service: str, upstream: str = "", timeout: float = 5.0) -> int:
    """Copies of a service that answered in the last three seconds in which users asked for anything.

    A copy that runs again is not yet one that callers find: claim it some seconds after the fault was undone.

    Args:
        service: the service.
        upstream: name under which its calls are listed; empty: the service's own.
        timeout: seconds to wait for the evidence.

    Raises:
        MissingEvidence: calls were not listed (control's argument `calls`), or do not say which copy was asked.
    """
    return int(settled_for_breakers("copies_serving_at_end", timeout, service=service, upstream=upstream))


def closes_after_success(breaker: str, upstream: str = "", timeout: float = 5.0) -> bool:
    """Whether each good trial closed the breaker, each failed one opened it again, and it is closed at last.

    Args:
        breaker: its name where breakers are listed.
        upstream: name under which its calls are listed; empty: the breaker's own.
        timeout: seconds to wait for the evidence, and for the breaker to close.

    Raises:
        MissingEvidence: calls were not listed, or the breaker never opened.
    """
    return bool(settled_for_breakers("closes_after_success", timeout, bool, breaker=breaker, upstream=upstream))


def open_p95_ms(breaker: str, source: str = "all") -> float:
    """95th percentile, in milliseconds, of the fallback's answers (and failures) while the breaker was open.

    Args:
        breaker: its name where breakers are listed.
        source: as for `failed_requests`.

    Raises:
        MissingEvidence: the breaker never opened, or no fallback was served meanwhile.
    """
    return float(settled_for_breakers("open_p95_ms", _ANEW_S, breaker=breaker, source=source))


def unmarked_fallbacks(breaker: str, canary: str = "") -> int:
    """Answers that came while the breaker was open and did not say that they were a fallback.

    Args:
        breaker: its name where breakers are listed.
        canary: one that asks for what cannot be had without the broken service; empty: the users' own.

    Raises:
        MissingEvidence: the breaker never opened, or the canary asked for nothing meanwhile.
    """
    return int(settled_for_breakers("unmarked_fallbacks", _ANEW_S, breaker=breaker, canary=canary))


def p95_while_away_ms(service: str, source: str = "all", learned_s: float = 2.0, timeout: float = 5.0) -> float:
    """95th percentile, in milliseconds, of requests sent while a service was away: of a breaker that lists nothing.

    Hang the service, for a crashed one refuses by itself. A trial call waits for its time-out: ask often enough for
    those to be fewer than one in twenty. Of several faults the worst one is told.

    Args:
        service: the service that was broken.
        source: `load`, `canary:NAME` or `all`; those who ask must need the service.
        learned_s: seconds from the beginning of the fault that the breaker has to learn of it; not counted.
        timeout: seconds to wait for the end of the fault.

    Raises:
        MissingEvidence: too few requests were sent meanwhile, or all were answered well.
    """
    return float(settled("p95_while_away_ms", timeout, service=service, source=source, learned_s=learned_s))
