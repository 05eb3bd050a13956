"""A service of several copies behind one name: whom to ask, and whom next where one gives no answer.

What is only read may be asked twice: where a copy refuses, breaks off or is silent for a moment, the next one is asked
as well, and the first good answer is taken.
"""

import time
from asyncio.staggered import staggered_race
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

__all__ = ["NEXT_S", "Copies"]

NEXT_S = 0.1
"""A copy that is silent for so long is not waited for alone: well above what an answer takes, well below a time-out."""
_MOST = 3
"""Copies asked for one answer: one that is in trouble is not helped by all of them being asked."""
_SHARE, _SPARE = 0.2, 100.0
"""Further tries are at most a fifth of the answers, and a hundred beside: a service that is slow because it has too
much to do is not given twice as much."""
_AVOIDED_S = 2.0
"""A copy that gave no answer comes last until it gives one: one request in so many seconds asks it first."""

T = TypeVar("T")


class Copies:
    """Takes turns among the addresses of a service, those last that lately gave no answer."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._turn = 0
        self._spare = _SPARE
        self._silent: dict[str, float] = {}

    def in_turn(self, addresses: Sequence[str]) -> list[str]:
        """Whom to ask for one answer, in this order. Each call is a turn."""
        self._turn += 1
        start = self._turn % len(addresses)
        first, *others = [*addresses[start:], *addresses[:start]]
        self._silent = {one: since for one, since in self._silent.items() if one in addresses}
        if self._silent.get(first, self._now_s()) <= self._now_s() - _AVOIDED_S:
            self._silent[first] = self._now_s()  # one request finds out for all how it is by now
            return [first, *sorted(others, key=self._silent.__contains__)][:_MOST]
        return sorted([first, *others], key=self._silent.__contains__)[:_MOST]

    async def ask(self, addresses: Sequence[str], one: Callable[[str], Awaitable[T]]) -> T:
        """The first good answer; raises what the copy that was asked first raised, where there is none."""
        self._spare = min(_SPARE, self._spare + _SHARE)
        order = self.in_turn(addresses)[: None if self._spare >= 1 else 1]
        answer, winner, errors = await staggered_race([partial(one, address) for address in order], NEXT_S)
        self._spare -= len(errors) - 1
        if winner is None:
            raise next(error for error in errors if error is not None)
        for address in order[:winner]:
            self._silent[address] = self._now_s()
        self._silent.pop(order[winner], None)
        return answer
