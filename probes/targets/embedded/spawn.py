"""Start a process that cannot outlive this one, and wait for a process without taking its exit code (Linux)."""

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping

__all__ = ["ended", "spawn"]

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def spawn(
    command: tuple[str, ...], directory: str, environment: Mapping[str, str], log: int
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own that dies with this one. Raises OSError."""
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        command,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has a single thread
    )


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process has ended, without reaping it, and return when (ns).

    By pidfd: exact to the millisecond, and no other wait can take the exit code away.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[int] = loop.create_future()
    descriptor = os.pidfd_open(process.pid)

    def note() -> None:
        if not over.done():
            over.set_result(time.time_ns())

    loop.add_reader(descriptor, note)
    try:
        return await over
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
