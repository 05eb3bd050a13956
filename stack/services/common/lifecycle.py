"""Background work that lives as long as the service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp import web

__all__ = ["alongside"]


def alongside(*work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[web.Application], AsyncIterator[None]]:
    """A clean-up context for aiohttp that runs each of `work` as a task from start-up to shutdown."""

    async def running(_app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(begin()) for begin in work]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return running
