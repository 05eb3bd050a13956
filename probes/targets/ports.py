"""Is a port free, and if not, who holds it: asked before anything is started."""

import errno
import random
import socket
from collections.abc import Iterable
from itertools import islice

import psutil

from probes.errors import TargetError

__all__ = ["free_ports", "holder_of", "refuse_taken_ports"]

_BELOW_OUTGOING = range(20_000, 32_000)
"""Kernels give ports from 32768 on to outgoing connections: one below that stays free."""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody holds now. Raises TargetError where there are not as many."""
    tried = random.sample(_BELOW_OUTGOING, 2000)
    found = list(islice((port for port in tried if _is_free("127.0.0.1", port)), count))
    if len(found) < count:
        raise TargetError(f"{count} free ports were looked for, and of {len(tried)} tried {len(found)} are free.")
    return found


def refuse_taken_ports(addresses: Iterable[tuple[str, str, int]]) -> None:
    """Raise TargetError for the first (service, host, port) that cannot be bound on this machine."""
    for service, host, port in addresses:
        if not _is_free(host, port):
            raise TargetError(
                f"Port {port} on {host}, which the service {service} publishes, is taken by {holder_of(port)}; "
                f"nothing was started. End that, or give the service another port."
            )


def holder_of(port: int) -> str:
    """Who listens on a TCP port, as far as this user may see."""
    try:
        listening = [
            found.pid
            for found in psutil.net_connections(kind="tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
        ]
        pids = [pid for pid in listening if pid is not None]
        if pids:
            process = psutil.Process(pids[0])
            return f"process {process.pid} ({' '.join(process.cmdline())[:120] or process.name()})"
    except (psutil.Error, OSError):
        pass
    return "another process (whose name this user may not see)"


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as refused:
            return refused.errno != errno.EADDRINUSE
    return True
