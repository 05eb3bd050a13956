"""The load from several nodes: a process that starts it there, and writes down here what it records.

    python -P -m probes.afar --project stehauf --nodes node2,node3 --inside http://storefront:8080 --evidence DIR ...

A container for each node, in the stack's own network; a Locust worker in each, and in the first their master too.
Which engines there are, the environment says, as for the run itself. SIGINT and SIGTERM end the load in order, and so
does the death of the process that started this one; the containers are removed. Should this process be killed, what
it had started ends by itself, within seconds. Exit code: 0 ended as asked, 2 refused, 3 failed (a sentence says why).
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from probes.afar.files import Files
from probes.afar.stream import Stream
from probes.assets import asset
from probes.errors import ConfigurationError, RecordingFailed, StehaufError
from probes.targets.swarm.engines import Engines
from probes.targets.swarm.places import Place, Places, archive

__all__ = ["main"]

_ASKED_S = 8.0
_LOOK_S = 0.1
_END_WITHIN_S = 12.0
_SLOWER_S = 0.25
_LIBRARY = "/load/lib"
_USERS = "/load/users"
_SHARED = ("__init__", "evidence/__init__", "evidence/samples", "evidence/stages", "evidence/instant")
"""What the load needs of the package `reports`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; the exit code."""
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    places = Places(Engines(None, _ASKED_S), options.project)
    try:
        try:
            _Load(options, places).run()
        finally:
            _leave_alone()
            places.close()
    except ConfigurationError as error:
        _say(str(error))
        return 2
    except StehaufError as error:
        _say(str(error))
        return 3
    except KeyboardInterrupt:
        _say("interrupted before the load had begun")
        return 3
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="probes.afar", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    add = parser.add_argument
    add("--project", required=True, help="the stack in whose network it runs")
    add("--nodes", required=True, type=lambda text: text.split(","), help="a worker on each, by their host names")
    add("--inside", required=True, metavar="URL", help="what is loaded, as the stack's services reach it")
    add("--evidence", required=True, type=Path, metavar="DIR")
    add("--file", required=True, type=Path, help="the Locust file")
    add("--image", required=True, help="in which Locust is")
    add("--die-with-parent", type=int, required=True, metavar="PID")
    load = parser.add_mutually_exclusive_group(required=True)
    load.add_argument("--arrivals", help="open loop, as loadtest/steering.py has it")
    load.add_argument("--users", help="closed loop: so many of them")
    return parser.parse_args(arguments)


class _Load:
    """A master and its workers, from their start to their end."""

    def __init__(self, options: argparse.Namespace, places: Places) -> None:
        self._options = options
        self._places = places
        self._streams: list[Stream] = []

    def run(self) -> None:
        """Until told to end. Raises StehaufError where a part of it was lost, KeyboardInterrupt before it started."""
        options = self._options
        there = self._places.open(options.nodes, options.image, str(urlsplit(options.inside).hostname))
        code = archive(_code(options.file))
        for place in there:
            place.put(code)
        try:
            self._start(there)
            while os.getppid() == options.die_with_parent:
                self._check()
                time.sleep(_LOOK_S)
        except KeyboardInterrupt:
            pass
        _leave_alone()
        if not self._has_begun:  # a master that still waits for its workers does not end in order
            raise RecordingFailed("The load was ended before it had begun")
        self._end()

    def _start(self, there: Sequence[Place]) -> None:
        """The master, which has no evidence but its page, and is number 0; then the workers."""
        how = ["--arrivals", self._options.arrivals]
        if self._options.users:
            how = ["--users", self._options.users, "--spawn-rate", self._options.users]
        page = ["--only-summary", "--html", f"{_folder(0)}/locust.html"]
        self._relay("master", 0, there[0], ["--master", "--headless", *page, *how])
        for number, place in enumerate(there, 1):
            self._relay("worker", number, place, ["--worker", "--master-host", there[0].name])

    def _relay(self, role: str, number: int, place: Place, arguments: list[str]) -> None:
        """Start a Locust and what hands over its evidence."""
        inside, samples, expected = self._options.inside, self._options.evidence, str(len(self._options.nodes))
        log = samples.parent / "logs" / f"load-{number}-{place.node}.log"
        stream = Stream(f"the load's {role} on {place.node}", place.container, Files(samples, number, place.node), log)
        folder = _folder(number)
        command = ["python", f"{_LIBRARY}/relay.py", folder]
        command += ["python", "-P", "-m", "locust", "-f", f"{_USERS}/{self._options.file.name}", *arguments]
        command += ["--host", inside, "--allow-host", str(urlsplit(inside).hostname), "--expect-workers", expected]
        command += ["--evidence", folder, "--loglevel", "WARNING", "--exit-code-on-error", "0", "--die-with-parent"]
        stream.start(command, {"PYTHONPATH": f"{_LIBRARY}:/packages"})
        self._streams.append(stream)

    @property
    def _has_begun(self) -> bool:
        """Whether every worker sends."""
        workers = self._streams[1:]
        return len(workers) == len(self._options.nodes) and all(stream.has_begun for stream in workers)

    def _check(self) -> None:
        for stream in self._streams:
            stream.live()
            if sentence := stream.trouble():
                raise RecordingFailed(sentence)
            if stream.has_ended:
                raise RecordingFailed(f"{stream.name} ended by itself: see the logs of the run")

    def _end(self) -> None:
        """The master ends, and its workers with it; not before what was due until now by a slower clock was sent."""
        time.sleep(_SLOWER_S)
        self._streams[0].stop()
        deadline = time.monotonic() + _END_WITHIN_S
        while not all(stream.has_ended for stream in self._streams):
            for stream in self._streams[1:]:
                stream.live()
            if time.monotonic() > deadline:
                slow = ", ".join(stream.name for stream in self._streams if not stream.has_ended)
                raise RecordingFailed(f"{slow} did not end within {_END_WITHIN_S:g} s: samples may be missing")
            time.sleep(_LOOK_S)
        for stream in self._streams:
            if sentence := stream.trouble():
                raise RecordingFailed(sentence)


def _folder(number: int) -> str:
    return f"/tmp/evidence-{number}"  # noqa: S108 - in a container of its own


def _code(users: Path) -> dict[str, Path]:
    """What Locust runs there: our modules as they are here, and the file with the users."""
    library = {f"{_LIBRARY}/{path.name}": path for path in asset("loadtest").glob("*.py")}
    reports = Path(sys.modules["probes"].__file__ or "").parent.parent / "reports"
    shared = {f"{_LIBRARY}/reports/{name}.py": reports / f"{name}.py" for name in _SHARED}
    return {**library, **shared, f"{_USERS}/{users.name}": users}


def _leave_alone() -> None:
    """What follows is the end, however often somebody asks for it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
