"""Name look-ups that don't stand in the way of recovery.

While a container is away its name does not resolve, and the look-up may hang for seconds. A call therefore
takes the last known address at once, and a look-up in the background finds out whether it has changed.
"""

import asyncio
import time

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["LastKnownResolver"]

_FRESH_S = 1.0


class LastKnownResolver(AbstractResolver):
    """Answers from memory where it can; looks up anew at most once a second and name, one at a time."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or ThreadedResolver()
        self._known: dict[tuple[str, int, int], list[ResolveResult]] = {}
        self._asked: dict[tuple[str, int, int], float] = {}
        self._running: dict[tuple[str, int, int], asyncio.Task[None]] = {}

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """The addresses of `host`; only the first look-up of a name is waited for. Raises OSError."""
        key = (host, port, family)
        known = self._known.get(key)
        if known is None:
            self._known[key] = known = await self._resolver.resolve(host, port, family)  # type: ignore[arg-type]
            self._asked[key] = time.monotonic()
        elif time.monotonic() - self._asked[key] > _FRESH_S and key not in self._running:
            self._asked[key] = time.monotonic()
            self._running[key] = asyncio.create_task(self._refresh(key))
        return known

    async def close(self) -> None:
        """Forget the look-ups that are under way."""
        for task in self._running.values():
            task.cancel()
        await self._resolver.close()

    async def _refresh(self, key: tuple[str, int, int]) -> None:
        try:
            self._known[key] = await self._resolver.resolve(*key)  # type: ignore[arg-type]
        except OSError:
            return  # away: the last known address stays
        finally:
            del self._running[key]
