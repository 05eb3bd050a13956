"""The canary: a few requests a second at fixed times, to tell to the moment what users could get.

    python loadtest/canary.py --evidence DIR --target shop=http://127.0.0.1:8080/api/products,timeout=0.15

It is open-loop: a request is due on its schedule and never waits for an earlier answer, so a server that
stalls is seen for as long as it stalls. Latency counts from the time a request was due; the canary's own
delay is recorded beside it as lag. The time-out counts from the sending. Connections are kept and reused,
but nothing is sent twice: a connection that turns out to be dead is a failed request. Redirects are not
followed, proxies not used. Times are UTC nanoseconds derived from the monotonic clock (see `Clock`).

stdout: `ready` after the first sample of every target is written, and one JSON line at the end.
Exit code: 0 ended or stopped (SIGINT, SIGTERM); 2 refused, nothing was sent; 3 failed, evidence incomplete.
"""

import asyncio
import json
import math
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from arrivals import Arrivals
from common import EXIT_FAILED, EXIT_REFUSED, STDOUT, Parent, say
from options import Options, Target, parse
from recorder import Contents, Recorder
from schedule import Clock, Schedule
from watcher import Watcher

from reports.evidence.samples import SampleWriter

_PARENT_CHECK_S = 0.5


class Canary:
    """One watcher and one schedule a target, until the schedules end or it is told to stop."""

    def __init__(self, options: Options, parent: Parent | None) -> None:
        self._options = options
        self._parent = parent
        self._clock = Clock.start()
        self._unseen = {target.name for target in options.targets}
        self._schedules: list[asyncio.Task[None]] = []

    async def run(self) -> dict[str, object]:
        """Send and record; gives the counts. Raises OSError, in a group, when the disk refuses."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        self._watch_parent()
        async with AsyncExitStack() as opened:
            watchers = [Watcher(target, self._recorder(target)) for target in self._options.targets]
            for watcher in watchers:
                opened.push_async_callback(watcher.close)
            # Leaving the group waits for every request outstanding; each ends within its time-out.
            async with asyncio.TaskGroup() as tasks:
                for index, watcher in enumerate(watchers):
                    self._schedules.append(tasks.create_task(self._follow(tasks, watcher, index)))
        counts = {watcher.target.name: watcher.recorder.counts() for watcher in watchers}
        return {"rate": self._options.rate, "targets": counts}

    def stop(self) -> None:
        """Schedule nothing more."""
        for task in self._schedules:
            task.cancel()

    async def _follow(self, tasks: asyncio.TaskGroup, watcher: Watcher, index: int) -> None:
        rate = self._options.rate
        # Targets take turns within the interval, so that the canary is never late for its own sake.
        offset_ns = round(index / len(self._options.targets) / rate * 1e9)
        schedule = Schedule.steady(self._clock.monotonic_ns + offset_ns, rate, self._options.duration_s)
        bound = 1000 + math.ceil(10 * watcher.target.timeout_s * rate)
        await Arrivals(schedule, watcher, bound).run(tasks.create_task)

    def _recorder(self, target: Target) -> Recorder:
        about = {
            "kind": "canary",
            "target": target.name,
            "url": target.url,
            "rate": self._options.rate,
            "timeout_s": target.timeout_s,
        }
        writer = SampleWriter(self._options.evidence, f"canary-{target.name}", about)
        contents = Contents(writer, self._options.drop_keys) if target.keep_contents else None
        return Recorder(target.name, writer, self._clock, contents, partial(self._seen, target.name))

    def _seen(self, name: str) -> None:
        if name in self._unseen:
            self._unseen.remove(name)
            if not self._unseen:
                say("ready", STDOUT)

    def _watch_parent(self) -> None:
        if self._parent is None:
            return
        if self._parent.gone():
            self.stop()
        asyncio.get_running_loop().call_later(_PARENT_CHECK_S, self._watch_parent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the canary; gives the exit code."""
    try:
        options = parse(arguments)
    except ValueError as error:
        say(str(error))
        return EXIT_REFUSED
    try:
        parent = None if options.parent is None else Parent.bind(options.parent)
        options.evidence.mkdir(parents=True, exist_ok=True)
        say(json.dumps(asyncio.run(Canary(options, parent).run())), STDOUT)
    except Exception as error:  # noqa: BLE001 - whatever it was, who started us reads one sentence
        say(_sentence(_cause(error), options.evidence))
        return EXIT_FAILED
    return 0


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _sentence(error: BaseException, evidence: Path) -> str:
    what = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    return (
        f"The canary, recording into {evidence}, was stopped by {what}; its samples end here: "
        "make room (or lift the limit named) and repeat the run."
    )


if __name__ == "__main__":
    sys.exit(main())
