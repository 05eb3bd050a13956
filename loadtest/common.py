"""What the canary and the load share: where load may go, whom they die with, and the ledger of orders."""

import ctypes
import ipaddress
import json
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["EXIT_FAILED", "EXIT_REFUSED", "STDOUT", "Order", "OrderLedger", "Parent", "refusal", "say"]

EXIT_REFUSED = 2
"""Exit code: an argument was refused, nothing was sent."""
EXIT_FAILED = 3
"""Exit code: the generator itself failed, so its evidence is incomplete."""

_PR_SET_PDEATHSIG = 1

STDOUT = 1
_STDERR = 2


def say(line: str, stream: int = _STDERR) -> None:
    """Write one line for whoever started us; nobody listening is no reason to stop recording."""
    with suppress(OSError):
        os.write(stream, line.encode() + b"\n")


def refusal(url: str, allowed: Collection[str]) -> str | None:
    """Why no load is sent to `url`, as a sentence; None where it may be.

    Loopback addresses and the name localhost may; any other host only if `allowed` names it. No name is
    resolved: what a name means today says nothing about the minute in which the load runs.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises where the port is none
    except ValueError as error:
        return f"{url!r} is no URL ({error}): give one such as http://127.0.0.1:8080."
    if parts.scheme not in {"http", "https"} or not host:
        return f"{url!r} is no http URL: give one such as http://127.0.0.1:8080."
    if host in allowed or host == "localhost" or _is_loopback(host):
        return None
    return (
        f"Load is sent to this machine's loopback only, and {host!r} is not loopback: "
        f"to load that host on purpose, add --allow-host {host}."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Parent:
    """The process that started this one, and must not be outlived."""

    pid: int

    @classmethod
    def bind(cls, pid: int = 0) -> "Parent":
        """Ask the kernel for SIGTERM when the parent dies; `pid` is the parent's where it told us, else 0.

        Linux counts the death of the *thread* that started us: start this process from one that lasts.
        Raises SystemExit (exit code 3) if the parent is gone already. Where the kernel cannot do it
        (macOS), `gone` is all there is: ask it now and then.
        """
        parent = cls(pid or os.getppid())
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
        if parent.gone():
            say(f"The process that started this one (pid {parent.pid}) is gone: nothing was sent.")
            raise SystemExit(EXIT_FAILED)
        return parent

    def gone(self) -> bool:
        """Whether somebody else is the parent now."""
        return os.getppid() != self.pid


@dataclass(slots=True)
class Order:
    """An order while it is placed: nobody has said yet what became of it."""

    id: str
    status: int = 0
    state: str | None = None

    @property
    def outcome(self) -> str:
        """Acknowledged, refused (certainly not stored) or unknown (it may have been stored).

        A 503 refuses only if its body says so: one from something in between says nothing of the order.
        """
        if self.status in {201, 202}:
            return "acknowledged"
        if 400 <= self.status < 500 or (self.status == 503 and self.state == "refused"):  # noqa: PLR2004
            return "refused"
        return "unknown"


class OrderLedger:
    """Appends each order to `orders-PID.jsonl` in `directory`, one whole line a write."""

    def __init__(self, directory: Path) -> None:
        path = directory / f"orders-{os.getpid()}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    @contextmanager
    def placing(self, order_id: str) -> Iterator[Order]:
        """Write the order when the block is left, however it is left: stopped in mid-request is unknown.

        Raises OSError when the disk refuses.
        """
        order = Order(order_id)
        at_ns = time.time_ns()
        try:
            yield order
        finally:
            self._write(order, at_ns)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, order: Order, at_ns: int) -> None:
        line = json.dumps(
            {
                "id": order.id,
                "at_ns": at_ns,
                "outcome": order.outcome,
                "status": order.status,
                "state": order.state,
            }
        )
        data = line.encode() + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError(28, "the disk took only a part of an order")
