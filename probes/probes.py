"""Probes that ask the target and the services how they are now. For figures of the whole run see `probes.figures`."""

import time
from typing import Any
from urllib.parse import urlsplit

import requests

from probes.errors import ClaimUnmet, ConfigurationError
from probes.faults.kinds import require
from probes.run.asking import bad_answer
from probes.run.breakers import read_breakers
from probes.run.session import current
from probes.targets.abilities import Updatable

__all__ = ["all_healthy", "answers_well", "breaker_state", "reported_health", "update_state"]

_HOLDS_S = 1.0
"""One good answer may be that of the one worker in ten that works."""


def all_healthy(within: float = 0.0) -> bool:
    """Whether every instance of every service is running, and healthy where it has a health check.

    Args:
        within: seconds to wait for it; health checks lag behind by their interval.

    Raises:
        ClaimUnmet: something is not; the message names each service and its condition.
        TargetUnavailable: the target does not answer.
    """
    session = current()
    deadline = time.monotonic() + within
    while found := session.ailments():
        if time.monotonic() >= deadline:
            raise ClaimUnmet(f"Not every service was healthy within {within:g} s: {'; '.join(found)}")
        session.check()
        time.sleep(0.1)
    return True


def answers_well(url: str, within: float = 0.0, timeout: float = 2.0) -> bool:
    """Whether a GET of the URL is answered with a status from 200 to 399, and goes on to be for a second.

    Unlike the provider `http` it can wait: a service that was started again may run before it listens. And one that
    nobody answers for has failed the claim, where that provider observes nothing.

    Args:
        url: what to ask for, http or https; a redirection is followed on the same host and port.
        within: seconds to wait for a good answer.
        timeout: seconds for a single answer, its body too.

    Raises:
        ClaimUnmet: there was none, or bad ones among them; the message has the last bad one.
        ConfigurationError: the URL is none.
    """
    session = current()
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigurationError(f"answers_well: url reads {url!r}; it takes one that begins with http:// or https://")
    deadline, good_since = time.monotonic() + within, None
    while good_since is None or time.monotonic() - good_since < _HOLDS_S:
        if said := bad_answer(url, timeout):
            good_since = None
            if time.monotonic() >= deadline:
                raise ClaimUnmet(f"{url} had no good answer within {within:g} s, at last: {said}")
        else:
            good_since = good_since or time.monotonic()
        session.check()
        time.sleep(0.1)
    return True


def breaker_state(url: str, breaker: str, expected: str = "", within: float = 0.0) -> str:
    """The state of a circuit breaker: closed, open, half-open or disabled.

    Args:
        url: endpoint that lists the breakers.
        breaker: its name there.
        expected: state to wait for; empty: the state now.
        within: seconds to wait for the expected state; then the state that it has is returned.

    Raises:
        ConfigurationError: no such breaker; the message lists those that there are.
        requests.RequestException, ValueError: the endpoint does not answer, or not with breakers.
    """
    deadline = time.monotonic() + within
    while True:
        state = _state(url, breaker, last=time.monotonic() >= deadline)
        if state is not None and (state == expected or not expected or time.monotonic() >= deadline):
            return state
        current().check()
        time.sleep(0.1)


def reported_health(service: str, expected: str = "", within: float = 0.0) -> str:
    """What the service's own health check says: healthy, unhealthy, starting, or none where it has no check.

    Of several instances the worst. A tolerance on it, while a fault is on that the check has to notice, holds the
    check itself to account.

    Args:
        service: name of the service.
        expected: what to wait for; empty: what it says now.
        within: seconds to wait for it; then what it says is returned. A check that is right may take its interval and
            its time-out, times its retries.

    Raises:
        UnknownService: the target has no such service.
        TargetUnavailable: the target does not answer.
    """
    session = current()
    deadline = time.monotonic() + within
    while True:
        said = {instance.health for instance in session.target.instances(service)}
        health = next((one for one in ("unhealthy", "starting", "none") if one in said), "healthy" if said else "none")
        if health == expected or not expected or time.monotonic() >= deadline:
            return health
        session.check()
        time.sleep(0.1)


def update_state(service: str, expected: str = "", within: float = 0.0) -> str:
    """What became of the last update of a service, in the words of the swarm's manager.

    `completed`; `rollback_completed`: it failed, and the copies run again what they ran; `paused`: it failed, and was
    left as it is; `updating`, `rollback_started`, `rollback_paused`; empty: there was none.

    Args:
        service: name of the service.
        expected: state to wait for; empty: the state now.
        within: seconds to wait for the expected state; then the state that it has is returned.

    Raises:
        FaultNotPossible: this target rolls no updates out.
        TargetError: the target does not answer.
    """
    session, deadline = current(), time.monotonic() + within
    require(session.target, Updatable, "bad_update")
    target: Any = session.target
    while True:
        state = str(target.update_state(service))
        if state == expected or not expected or time.monotonic() >= deadline:
            return state
        session.check()
        time.sleep(0.1)


def _state(url: str, breaker: str, *, last: bool) -> str | None:
    try:
        listed = {str(one["name"]): str(one["state"]) for one in read_breakers(url)["breakers"]}
    except (requests.RequestException, ValueError):
        if last:
            raise
        return None
    if breaker not in listed:
        raise ConfigurationError(f"{url} lists no breaker '{breaker}'; it lists: {', '.join(sorted(listed)) or 'none'}")
    return listed[breaker]
