"""Runs experiments side by side, each place with a stack of its own; pytest's own thread waits for them in turn.

pytest-xdist does not fit: after Ctrl-C it gives its workers ten seconds, and what a worker brought up would stay; and
verdict, budget and proof are of the whole suite, which no worker has.
"""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from threading import Event
from typing import Generic, TypeVar

__all__ = ["Beside", "Running"]

Place = TypeVar("Place")
Result = TypeVar("Result")
_LOOK_S = 0.2


class Running:
    """The processes that run now, so that Ctrl-C reaches all of them."""

    def __init__(self) -> None:
        self.interrupted = Event()
        self._processes: list[subprocess.Popen[str]] = []

    def began(self, process: "subprocess.Popen[str]") -> None:
        """Note a process; it is interrupted at once where all were already."""
        self._processes.append(process)
        if self.interrupted.is_set():
            self._interrupt(process)

    def interrupt(self) -> None:
        """Ctrl-C to each, once."""
        if not self.interrupted.is_set():
            self.interrupted.set()
            for process in list(self._processes):
                self._interrupt(process)

    @staticmethod
    def _interrupt(process: "subprocess.Popen[str]") -> None:
        with contextlib.suppress(ProcessLookupError):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


class Beside(Generic[Place, Result]):
    """As many jobs at a time as there are places, begun in the order given."""

    def __init__(self, places: Sequence[Place], running: Running) -> None:
        self._places: SimpleQueue[Place] = SimpleQueue()
        for place in places:
            self._places.put(place)
        self._pool = ThreadPoolExecutor(len(places), thread_name_prefix="beside")
        self._running = running
        self._jobs: dict[str, Future[Result | None]] = {}

    @property
    def has_begun(self) -> bool:
        """Whether any job was."""
        return bool(self._jobs)

    def begin(self, names: Sequence[str], job: Callable[[str, Place], Result]) -> None:
        """Begin all of them; no-op once begun."""
        if not self._jobs:
            self._jobs = {name: self._pool.submit(self._one, name, job) for name in names}

    def result(self, name: str) -> Result | None:
        """What came of one, waited for; None where it did not begin. Raises KeyboardInterrupt once all have ended."""
        try:
            while not (job := self._jobs[name]).done():
                wait([job], timeout=_LOOK_S)  # not for ever: a signal is to be heard
            return job.result()
        except KeyboardInterrupt:
            self.end()
            raise

    def end(self) -> None:
        """Interrupt what runs, begin nothing more, and wait; further signals do not cut this off."""
        self._running.interrupt()
        while open_jobs := [job for job in self._jobs.values() if not job.done()]:
            with contextlib.suppress(KeyboardInterrupt):
                wait(open_jobs, timeout=_LOOK_S)

    def _one(self, name: str, job: Callable[[str, Place], Result]) -> Result | None:
        if self._running.interrupted.is_set():
            return None
        place = self._places.get()
        try:
            return job(name, place)
        finally:
            self._places.put(place)
