"""Actions on a service's network. An experiment names them in `probes.actions`, where all actions are.

What they do is done in the network namespace of the instance itself and concerns all that crosses its border; its
own loopback, and so a health check from inside, is left alone. A restart of the instance takes it away: then it is
put in place again. Each stays until `undo`, a rollback or the end of the run, and never longer than `for_seconds`.
"""

from collections.abc import Sequence

from probes.errors import ConfigurationError
from probes.faults.arguments import check_number, lasting
from probes.faults.kinds import Lasting
from probes.faults.network import Answers, Bandwidth, Latency, Loss, Names, Partition
from probes.targets.abilities import Disturbance

__all__ = ["bad_answers", "bandwidth", "dns_failure", "latency", "loss", "partition"]


@lasting
def partition(peers: Sequence[str] | None = None) -> Lasting:
    """Cut a service off: packets from and to its peers are dropped, as when a cable is pulled.

    Args:
        peers: names of the services that it is cut off from; unset: from everything, its published ports included.
    """
    return Partition(Disturbance("partition", peers=_others("partition: peers", peers, "to cut off from all")))


@lasting
def latency(milliseconds: float, jitter_ms: float = 0.0) -> Lasting:
    """Make a service slow to reach: each packet that it sends is late. A request takes two of them, and so twice it.

    By netem where the kernel has it, else by a queue in user space (NFQUEUE), which fails open; the evidence says
    which it was.

    Args:
        milliseconds: how late each packet is, more than 0 and at most 60000.
        jitter_ms: up to this many milliseconds more or less; less than `milliseconds`.
    """
    check_number("latency: milliseconds", milliseconds, 0, 60_000, over=True)
    if jitter_ms:
        check_number("latency: jitter_ms", jitter_ms, 0, milliseconds, over=True)
    return Latency(Disturbance("latency", delay_ms=milliseconds, jitter_ms=jitter_ms))


@lasting
def loss(percent: float) -> Lasting:
    """Lose some of the packets that a service sends, at random.

    Args:
        percent: of a hundred packets, more than 0 and at most 100.
    """
    check_number("loss: percent", percent, 0, 100, over=True)
    return Loss(Disturbance("loss", percent=percent))


@lasting
def bandwidth(kbit_s: float) -> Lasting:
    """Narrow what a service can send.

    Args:
        kbit_s: kilobits (1000 bits) a second, 8 to 10000000.
    """
    check_number("bandwidth: kbit_s", kbit_s, 8, 1e7)
    return Bandwidth(Disturbance("bandwidth", kbit_s=kbit_s))


@lasting
def bad_answers(  # noqa: PLR0913, PLR0917 - each an argument in YAML
    port: int, callers: Sequence[str] | None = None, delay_ms: float = 0.0, status: int = 0, resets: bool = False,
    percent: float = 100.0,
) -> Lasting:  # fmt: skip
    """Let a service answer HTTP requests late, with an error, or with a reset connection, by a proxy before it.

    Args:
        port: the port that the service listens on, in its own container.
        callers: names of the services whose requests are concerned; unset: everybody's.
        delay_ms: how late the answers are, 0 to 60000.
        status: HTTP status in the place of its own answer, 400 to 599; 0: its own.
        resets: reset the connection in the place of an answer; not together with `status`.
        percent: share of the requests, at random, more than 0 and at most 100.
    """
    check_number("bad_answers: percent", percent, 0, 100, over=True)
    if delay_ms:
        check_number("bad_answers: delay_ms", delay_ms, 0, 60_000, over=True)
    if status:
        check_number("bad_answers: status", status, 400, 599)
    if bool(status) == resets and (status or not delay_ms):
        raise ConfigurationError("bad_answers: give delay_ms, and status or resets where there is to be no answer")
    peers = _others("bad_answers: callers", callers, "for everybody")
    return Answers(Disturbance("answers", peers, delay_ms, percent=percent, port=port, status=status, resets=resets))


@lasting
def dns_failure() -> Lasting:
    """Let no name resolve any more for a service: its packets to the engine's name server are dropped."""
    return Names(Disturbance("no_names"))


def _others(name: str, given: Sequence[str] | None, otherwise: str) -> tuple[str, ...]:
    """Services that are named; none: unset."""
    if isinstance(given, str) or (given is not None and not given):
        raise ConfigurationError(f"{name} reads {given!r}; it takes a list of other services, or nothing {otherwise}")
    return tuple(given or ())
