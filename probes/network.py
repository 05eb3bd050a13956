"""Actions on a service's network. An experiment names them in `probes.actions`, where all actions are.

What they do is done in the network namespace of the instance itself and concerns all that crosses its border; its
own loopback, and so a health check from inside, is left alone. A restart of the instance takes it away: then it is
put in place again. Each stays until `undo`, a rollback or the end of the run, and never longer than `for_seconds`.
"""

from collections.abc import Sequence
from typing import Any

from probes.errors import ConfigurationError
from probes.faults.lasting import begin
from probes.faults.network import Answers, Bandwidth, Latency, Loss, Names, Partition
from probes.targets.abilities import Disturbance

__all__ = ["bad_answers", "bandwidth", "dns_failure", "latency", "loss", "partition"]


def partition(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, peers: Sequence[str] | None = None, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Cut a service off: packets from and to its peers are dropped, as when a cable is pulled.

    Args:
        service: name of the service.
        peers: names of the services that it is cut off from; unset: from everything, its published ports included.
        for_seconds: bound that it never outlives, more than 0 and at most 3600.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        The service, and the faults' ids with their instances.

    Raises:
        FaultNotPossible: this target, or its kernel, cannot do it; nothing was done.
        ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `crash`.
    """
    if isinstance(peers, str) or (peers is not None and not peers) or service in (peers or ()):
        raise ConfigurationError(
            f"partition: peers reads {peers!r}; it takes a list of other services, or nothing to cut off from all"
        )
    return _begin(
        Partition(Disturbance("partition", peers=tuple(peers or ()))), service, for_seconds, count, choose, seed
    )


def latency(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, milliseconds: float, jitter_ms: float = 0.0, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Make a service slow to reach: each packet that it sends is late. A request takes two of them, and so twice it.

    By netem where the kernel has it, else by a queue in user space (NFQUEUE), which fails open; the evidence says
    which it was.

    Args:
        service: name of the service.
        milliseconds: how late each packet is, more than 0 and at most 60000.
        jitter_ms: up to this many milliseconds more or less; less than `milliseconds`.
        for_seconds: as for `partition`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `partition`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `partition`.
    """
    _within("latency: milliseconds", milliseconds, 0, 60_000)
    if jitter_ms:
        _within("latency: jitter_ms", jitter_ms, 0, milliseconds)
    how = Disturbance("latency", delay_ms=milliseconds, jitter_ms=jitter_ms)
    return _begin(Latency(how), service, for_seconds, count, choose, seed)


def loss(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, percent: float, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Lose some of the packets that a service sends, at random.

    Args:
        service: name of the service.
        percent: of a hundred packets, more than 0 and at most 100.
        for_seconds: as for `partition`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `partition`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `partition`.
    """
    _within("loss: percent", percent, 0, 100)
    return _begin(Loss(Disturbance("loss", percent=percent)), service, for_seconds, count, choose, seed)


def bandwidth(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, kbit_s: float, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Narrow what a service can send.

    Args:
        service: name of the service.
        kbit_s: kilobits (1000 bits) a second, 8 to 10000000.
        for_seconds: as for `partition`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `partition`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `partition`.
    """
    _within("bandwidth: kbit_s", kbit_s, 7.999, 1e7)
    return _begin(Bandwidth(Disturbance("bandwidth", kbit_s=kbit_s)), service, for_seconds, count, choose, seed)


def bad_answers(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    service: str, port: int, callers: Sequence[str] | None = None, delay_ms: float = 0.0, status: int = 0,
    resets: bool = False, percent: float = 100.0, for_seconds: float = 60.0,
    count: int = 1, choose: str = "first", seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Let a service answer HTTP requests late, with an error, or with a reset connection, by a proxy before it.

    Args:
        service: name of the service whose answers are spoiled.
        port: the port that it listens on, in its own container.
        callers: names of the services whose requests are concerned; unset: everybody's.
        delay_ms: how late the answers are, 0 to 60000.
        status: HTTP status in the place of its own answer, 400 to 599; 0: its own.
        resets: reset the connection in the place of an answer; not together with `status`.
        percent: share of the requests, at random, more than 0 and at most 100.
        for_seconds: as for `partition`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `partition`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `partition`.
    """
    _within("bad_answers: percent", percent, 0, 100)
    if isinstance(callers, str) or (callers is not None and not callers) or service in (callers or ()):
        raise ConfigurationError(
            f"bad_answers: callers reads {callers!r}; it takes a list of other services, or nothing for everybody"
        )
    if delay_ms:
        _within("bad_answers: delay_ms", delay_ms, 0, 60_000)
    if status:
        _within("bad_answers: status", status, 399, 599)
    if bool(status) == resets and (status or not delay_ms):
        raise ConfigurationError("bad_answers: give delay_ms, and status or resets where there is to be no answer")
    how = Disturbance(
        "answers", tuple(callers or ()), delay_ms, percent=percent, port=port, status=status, resets=resets
    )
    return _begin(Answers(how), service, for_seconds, count, choose, seed)


def dns_failure(
    service: str, for_seconds: float = 60.0, count: int = 1, choose: str = "first", seed: int | None = None
) -> dict[str, Any]:
    """Let no name resolve any more for a service: its packets to the engine's name server are dropped.

    Args:
        service: name of the service.
        for_seconds: as for `partition`.
        count: as for `crash`.
        choose: as for `crash`.
        seed: as for `crash`.

    Returns:
        As `partition`.

    Raises:
        FaultNotPossible, ConfigurationError, TargetDegraded, UnknownService, NotOurs, TargetError: as for `partition`.
    """
    return _begin(Names(Disturbance("no_names")), service, for_seconds, count, choose, seed)


def _begin(fault: Any, service: str, for_seconds: float, count: int, choose: str, seed: int | None) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    return begin(fault, service, for_seconds, {"count": count, "choose": choose, "seed": seed})


def _within(name: str, given: Any, over: float, most: float) -> None:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not over < given <= most:
        raise ConfigurationError(f"{name} reads {given!r}; it takes a number over {over:g}, and {most:g} at most")
