"""Open-loop arrivals for Locust: a journey begins when it is due, whatever became of the earlier ones.

In closed loop a user waits for an answer before it asks again, so a server that stalls is asked less and its
outage hides. Here journeys (a task of a user each) are due on a schedule; the first request of each counts from
the time at which it was due. Requests after the first are due when their journey comes to them: nobody could
have sent them earlier. Users are kept and used again, each with its connection and its greenlet.
"""

import itertools
import math
import random
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.hub import Waiter
from gevent.pool import Group
from locust import User
from locust.exception import InterruptTaskSet, RescheduleTask, StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING
from schedule import Schedule

__all__ = ["Journeys", "follower", "most_users", "unfit"]

_LOOK_S = 0.1
"""Seconds after which a dispatcher that waits looks whether it is to stop."""
_AT_ONCE = 32
"""Journeys begun before those in flight have their turn, where all of them are overdue."""
_SPARE_FILES = 100
_SOON_S = 0.001
_ENDS_JOURNEY = (InterruptTaskSet, RescheduleTask, StopTest, StopUser)

_Errand = tuple[Callable[[Any], Any], int]
"""A task, and when it is due."""


class Journeys:
    """Begins journeys when they are due. `spoilt` is told, in a sentence, what makes the evidence worthless."""

    def __init__(
        self, environment: Any, classes: Sequence[type[User]], most: int, spoilt: Callable[[str], Any]
    ) -> None:
        self._environment = environment
        self._most = most
        self._spoilt = spoilt
        self._group = Group()
        self._loop = gevent.get_hub().loop
        self._begun = self._ended = 0
        self._idle: dict[type[User], list[Waiter[_Errand]]] = {cls: [] for cls in classes}
        self._classes = list(classes)
        self._weights = list(itertools.accumulate(cls.weight for cls in classes))
        self._rows: dict[type[User], list[Any]] = {cls: [] for cls in classes}

    @property
    def outstanding(self) -> int:
        """Journeys begun and not ended."""
        return self._begun - self._ended

    def follow(self, schedule: Schedule, goes_on: Callable[[], bool]) -> None:
        """Begin each journey when it is due, until the schedule ends or it is to stop; then let those begun end."""
        try:
            self._follow(schedule, goes_on)
            while self.outstanding:
                gevent.sleep(_SOON_S)
        finally:
            self._group.kill()

    def _follow(self, schedule: Schedule, goes_on: Callable[[], bool]) -> None:
        due_times, at_once = schedule.due_ns(), 0
        due_ns, end_ns = next(due_times, None), None
        while True:
            now_ns = time.monotonic_ns()
            if end_ns is None and not goes_on():
                end_ns = now_ns
            if end_ns is not None and (due_ns is None or due_ns >= end_ns):
                return  # and not before: what was due while this process was held up was due all the same
            if due_ns is None or now_ns < due_ns:
                gevent.sleep(_LOOK_S if due_ns is None else min(_LOOK_S, (due_ns - now_ns) / 1e9))
                at_once = 0
            elif self.outstanding >= self._most:
                gevent.sleep(_SOON_S)  # nothing is left out: it will be late, and is recorded as late
            elif at_once >= _AT_ONCE:
                gevent.sleep(0)
                at_once = 0
            else:
                self._begin(due_ns)
                due_ns, at_once = next(due_times, None), at_once + 1

    def _begin(self, due_ns: int) -> None:
        """Send a user on its way, in the loop's next turn: an idle one, else a new one."""
        cls, task = self._next()
        self._begun += 1
        if idle := self._idle[cls]:
            self._loop.run_callback(idle.pop().switch, (task, due_ns))
        else:
            self._group.spawn(self._live, cls, (task, due_ns))

    def _next(self) -> tuple[type[User], Callable[[Any], Any]]:
        """A class by its weight, and of its tasks the next in a shuffled row of them all.

        So each task has its share of every short while: an outage of a second sees orders as well. Drawn one by one,
        a task that is one of six is missing among sixty journeys often enough for a claim to be without evidence.
        """
        cls = random.choices(self._classes, cum_weights=self._weights)[0]  # noqa: S311 - no secret
        row = self._rows[cls]
        if not row:
            row += random.sample(cls.tasks, len(cls.tasks))
        return cls, row.pop()

    def _live(self, cls: type[User], errand: "_Errand") -> None:
        """A user's journeys, one after another: a greenlet for each would cost a fifth of all that a request does."""
        waiter: Waiter[_Errand] = Waiter()
        user = None
        while True:
            try:
                user = user or cls(self._environment)
                self._travel(user, *errand)
            finally:
                self._ended += 1
            self._idle[cls].append(waiter)
            errand = waiter.get()
            waiter.clear()

    def _travel(self, user: Any, task: Callable[[Any], Any], due_ns: int) -> None:
        user.client.due_ns = due_ns
        try:
            task(user)
        except _ENDS_JOURNEY:
            pass
        except Exception as error:  # noqa: BLE001 - a user's own file can raise anything
            self._environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)
        if user.client.due_ns is not None:
            self._spoilt(f"the task {task.__name__} of {type(user).__name__} made no request when one was due")


def follower(follow: Callable[[Callable[[], bool]], None]) -> type[User]:
    """A Locust user that does nothing but follow the schedule: one a worker, started and stopped as any other."""

    def task(user: Any) -> None:
        follow(lambda: user._state == LOCUST_STATE_RUNNING)  # noqa: SLF001 - Locust's own way to ask a user to end

    return type("Arrivals", (User,), {"abstract": False, "tasks": [task]})


def unfit(classes: Sequence[type[User]], fit: type[User]) -> str | None:
    """Why these users cannot be driven by a schedule, as a sentence; None where they can."""
    for cls in classes:
        if not issubclass(cls, fit):
            return f"{cls.__name__} is no {fit.__name__}: nobody would know when its requests were due."
        if any(isinstance(task, type) for task in cls.tasks) or not cls.tasks:
            return f"{cls.__name__} needs tasks that are functions: a schedule begins one whenever it is due."
        if cls.on_start is not User.on_start or cls.on_stop is not User.on_stop:
            return f"{cls.__name__} has on_start or on_stop, and a schedule has no time for them: use tasks only."
    return None


def most_users(schedule: Schedule, timeout_s: float) -> int:
    """How many may be under way at once: what a stalled server makes of the schedule, or what the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rate = max(max(stage.begin, stage.end) for stage in schedule.stages) / schedule.of
    return max(1, min(100 + math.ceil(1.5 * rate * timeout_s), hard - _SPARE_FILES))
