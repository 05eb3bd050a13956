"""Knock at an instance: does a connection open, and does anything come back?"""

import contextlib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probes.errors import FaultNotPossible
from probes.targets.abilities import Reachable
from probes.targets.api import Instance

__all__ = ["Knock", "answering", "knock", "refuse_unreachable"]

_ASKING = b"GET / HTTP/1.0\r\n\r\n"
"""A server says something to this, or closes the connection: a process that hangs does neither."""


@dataclass(frozen=True, slots=True)
class Knock:
    """What one connection came to."""

    opened_ms: float | None
    """Until it was open; None: it was not."""
    answered_ms: float | None
    """From the opening to the first byte back, or to the server's closing it; None: neither came."""


def knock(addresses: Sequence[tuple[str, int]], timeout_s: float = 1.0) -> Knock:
    """Connect to the first address and ask; each of the two steps may take `timeout_s`."""
    if not addresses:
        return Knock(None, None)
    begun = time.monotonic()
    try:
        connection = socket.create_connection(addresses[0], timeout=timeout_s)
    except OSError:
        return Knock(None, None)
    opened = time.monotonic()
    with connection:
        try:
            connection.sendall(_ASKING)
            connection.recv(1)
            answered: float | None = time.monotonic()
        except OSError:
            answered = None
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Knock((opened - begun) * 1e3, None if answered is None else (answered - opened) * 1e3)


def answering(target: Reachable, instance: Instance) -> dict[str, Any]:
    """What becomes of a connection, for the readings of a fault: does one open, and is it answered?"""
    came = knock(target.addresses(instance))
    return {"connection_opens": came.opened_ms is not None, "connection_answered": came.answered_ms is not None}


def refuse_unreachable(target: Reachable, instance: Instance) -> None:
    """Raise FaultNotPossible for an instance without a port to knock at: that nobody answers could not be proved."""
    if not target.addresses(instance):
        raise FaultNotPossible(
            f"{instance.service} publishes no TCP port, so nothing could show that it takes connections and does "
            "not answer them; nothing was done. Publish one on 127.0.0.1; on a swarm in host mode"
        )
