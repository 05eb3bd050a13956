"""The supervisor: `python -m probes.targets.embedded.supervisor STATE [--die-with-parent PID]`.

Runs the processes of STATE/plan.json, writes STATE/events.jsonl, answers one JSON line a connection on the
socket STATE/control, and ends with all its processes on SIGTERM or SIGINT. If it is killed, the kernel kills them.

Own rather than circus (0.19), which does not carry the restart policy while it stops another service: the
crashed one came back after 8 s of the other's grace instead of 0.1 s, and a second stop was refused meanwhile.
A pidfd also times each end to the millisecond where a poll would to the tenth of a second.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from probes.targets.embedded.identity import marked, start_ticks
from probes.targets.embedded.journal import Journal
from probes.targets.embedded.plan import plan_from_json
from probes.targets.embedded.runner import Runner

__all__ = ["Supervisor", "main"]


class Supervisor:
    """All runners of one state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        plan = plan_from_json(state / "plan.json")
        journal = Journal(state / "events.jsonl")
        logs = state / "logs"
        logs.mkdir(exist_ok=True)
        self._runners = {
            process.service: Runner(process, journal, logs / f"{process.service}.log") for process in plan.processes
        }
        self.over = asyncio.Event()

    async def run(self) -> None:
        """Serve until `over` is set, then stop everything."""
        tasks = [asyncio.create_task(runner.run()) for runner in self._runners.values()]
        tasks += [asyncio.create_task(self._first_start(runner)) for runner in self._runners.values()]
        server = await self._listen()
        try:
            await self.over.wait()
        finally:
            server.close()
            # First nothing more is started, then all are stopped at once.
            for task in tasks[len(self._runners) :]:
                task.cancel()
            await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._sweep()

    async def _first_start(self, runner: Runner) -> None:
        for name, condition in runner.plan.depends_on:
            other = self._runners[name]
            await (other.checker.healthy if condition == "service_healthy" else other.running).wait()
        runner.start()

    async def _listen(self) -> asyncio.Server:
        # By way of /proc, because the path of a socket may have 107 characters only.
        folder = os.open(self._state, os.O_PATH)
        server = await asyncio.start_unix_server(self._answer, f"/proc/self/fd/{folder}/control")
        about = {"pid": os.getpid(), "ticks": start_ticks(os.getpid())}
        partial = self._state / "supervisor.json.new"
        partial.write_text(json.dumps(about), encoding="utf-8")
        partial.rename(self._state / "supervisor.json")
        return server

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._do(json.loads(await reader.readline()))
        except (ValueError, KeyError) as error:
            answer = {"error": f"the supervisor did not understand: {error!r}"}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            writer.close()

    async def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["do"] == "list":
            return {"instances": [runner.report() for runner in self._runners.values()]}
        runner = self._runners[asked["service"]]
        orders: dict[str, Callable[[], Awaitable[None] | None]] = {
            "stop": runner.stop,
            "start": runner.start,
            "kill": runner.kill,
            "pause": runner.pause,
            "resume": runner.resume,
        }
        result = orders[asked["do"]]()
        if result is not None:
            await result
        return {"instance": runner.report()}

    def _sweep(self) -> None:
        """End what a service left behind in a session of its own."""
        for pid in marked(self._state):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


async def _serve(state: Path, parent: int | None) -> None:
    supervisor, loop = Supervisor(state), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.over.set)
    if parent is not None:
        # By pidfd: a parent-death signal would come when the thread that started us ends.
        with contextlib.suppress(ProcessLookupError):
            loop.add_reader(os.pidfd_open(parent), supervisor.over.set)
        if os.getppid() != parent:
            supervisor.over.set()
    await supervisor.run()


def main(arguments: list[str]) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Supervises the processes of a state folder.")
    parser.add_argument("state", type=Path)
    parser.add_argument("--die-with-parent", type=int, metavar="PID", help="end when this process ends")
    options = parser.parse_args(arguments)
    asyncio.run(_serve(options.state, options.die_with_parent))


if __name__ == "__main__":
    main(sys.argv[1:])
