"""Name look-ups that don't stand in the way of recovery.

While a container is away its name does not resolve, and the look-up may hang for seconds. A call therefore
takes the last known addresses at once, and look-ups in the background find out whether they have changed: also while
nobody asks, since connections that are kept open would else hide for minutes that another copy is there by now.
"""

import asyncio
import contextlib
import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["LastKnownResolver"]

_FRESH_S = 1.0


class LastKnownResolver(AbstractResolver):
    """Answers from memory where it can; looks each name that was asked for up anew once a second."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, int, int], list[ResolveResult]] = {}
        self._running: dict[tuple[str, int, int], asyncio.Task[None]] = {}

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """The addresses of `host`; only the first look-up of a name is waited for. Raises OSError."""
        key = (host, port, int(family))
        if key not in self._known:
            self._known[key] = await self._look_up(key)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._keep_fresh(key))
        return self._known[key]

    def known(self, host: str, port: int) -> tuple[str, ...]:
        """The IPv4 addresses of `host`, as far as it was resolved: one for each copy of a service."""
        found = self._known.get((host, port, int(socket.AF_UNSPEC)), ())
        return tuple(dict.fromkeys(one["host"] for one in found if one["family"] == socket.AF_INET))

    async def close(self) -> None:
        """Look nothing up any more."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()
        if self._resolver is not None:
            await self._resolver.close()

    async def _look_up(self, key: tuple[str, int, int]) -> list[ResolveResult]:
        if self._resolver is None:
            self._resolver = ThreadedResolver()  # belongs to the running loop
        return await self._resolver.resolve(*key)  # type: ignore[arg-type]

    async def _keep_fresh(self, key: tuple[str, int, int]) -> None:
        while True:
            await asyncio.sleep(_FRESH_S)
            with contextlib.suppress(OSError):  # away: the last known addresses stay
                self._known[key] = await self._look_up(key)
