"""Background work that lives as long as the service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp import web

__all__ = ["alongside"]

_AGAIN_AFTER_S = 0.2


def alongside(*work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[web.Application], AsyncIterator[None]]:
    """A clean-up context for aiohttp that runs each of `work` as a task from start-up to shutdown."""

    async def running(_app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(begin()) for begin in work]
        yield
        for task in tasks:
            await _end(task)

    return running


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel it until it has ended.

    Once is not enough: where a cancellation meets an answer, `asyncio.wait_for` of Python 3.11 takes the answer and
    forgets the cancellation, and the broker's client waits with it.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_AFTER_S)
    with contextlib.suppress(asyncio.CancelledError):
        await task
