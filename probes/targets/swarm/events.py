"""The event streams of all machines of a swarm, each in a thread, told as one."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import requests
from docker.errors import DockerException

from probes.errors import StehaufError
from probes.targets.api import EventSink
from probes.targets.docker.engine import asked
from probes.targets.swarm.engines import Engines
from probes.targets.swarm.tasks import NAMESPACE, event_from
from probes.targets.values import parse_rfc3339_ns

__all__ = ["watching"]

_AGAIN_S = 0.3
_NOTICED_S = 30.0
"""A manager takes a machine for down after a few missed heartbeats: 15 s with the default of 5 s each."""
_CLOCK_S = 0.1
"""Clocks of two machines may differ by this much, besides what asking takes."""


class _Follower:
    """Follows one machine, and takes the stream up again where the machine was away."""

    def __init__(self, name: str, engines: Engines, project: str, tell: Callable[[dict[str, Any], str], None]) -> None:
        self._name = name
        self._engines = engines
        self._project = project
        self._tell = tell
        self._last_ns = 0
        self._seen: set[tuple[int, str, str]] = set()
        self._closing = threading.Event()
        self._stream: Any = None
        self._client: docker.DockerClient | None = None
        self._failed: Callable[[str], None] = lambda _: None
        self._thread = threading.Thread(target=self._follow, name=f"swarm-events-{name}", daemon=True)

    def open(self, failed: Callable[[str], None]) -> None:
        """Be connected, and hear all that comes later."""
        self._failed = failed
        client = self._engines.fresh(self._name)
        with asked(f"open the event stream of {self._name}"):
            before = time.time_ns()
            info = client.info()
            took = time.time_ns() - before
            self._last_ns = parse_rfc3339_ns(info["SystemTime"]) or before
        off = abs(self._last_ns - (before + took // 2)) - took // 2
        if off > _CLOCK_S * 1e9:
            failed(
                f"The clock of the node {self._name} differs from this machine's by {off / 1e9:.1f} s, so that what "
                "happened there cannot be put in order with the rest: set both by NTP"
            )
        self._connect(client)
        self._thread.start()

    def close(self) -> None:
        """Hear no more. A machine that is away at the end has left a hole."""
        self._closing.set()
        if self._stream is not None:
            with contextlib.suppress(Exception):
                self._stream.close()
        self._thread.join()
        if self._client is not None:
            self._client.close()

    def _connect(self, client: docker.DockerClient) -> None:
        # An event stream is silent for as long as nothing happens.
        client.api.timeout = None  # type: ignore[assignment]
        filters = {"type": "container", "label": [f"{NAMESPACE}={self._project}"]}
        with asked(f"open the event stream of {self._name}"):
            stream = client.api.events(since=_from(self._last_ns), filters=filters, decode=True)  # type: ignore[call-overload]
        self._client, self._stream = client, stream

    def _follow(self) -> None:
        while not self._closing.is_set():
            self._read()
            if self._closing.is_set():
                return
            if self._client is not None:
                self._client.close()
                self._client = None
            if not self._is_down():
                self._failed(
                    f"The event stream of the node {self._name} broke, and the swarm does not take that machine for "
                    "down; what happened there after that is unknown."
                )
                return
            self._until_back()

    def _read(self) -> None:
        try:
            for raw in self._stream:
                key = (int(raw["timeNano"]), str((raw.get("Actor") or {}).get("ID")), str(raw.get("Action")))
                if key in self._seen:
                    continue  # told before the stream broke
                self._seen.add(key)
                self._last_ns = max(self._last_ns, key[0])
                self._tell(raw, self._name)
        except Exception:  # noqa: BLE001, S110 - of the stream (closing ends it so): no more is heard, and that is dealt with
            pass

    def _is_down(self) -> bool:
        """Whether the manager says so: then nothing runs there that could make an event."""
        deadline = time.monotonic() + _NOTICED_S
        while not self._closing.is_set() and time.monotonic() < deadline:
            with contextlib.suppress(StehaufError, requests.RequestException):
                if any(node.name == self._name and node.state != "ready" for node in self._engines.nodes()):
                    return True
            self._closing.wait(_AGAIN_S)
        return False

    def _until_back(self) -> None:
        while not self._closing.wait(_AGAIN_S):
            try:
                self._connect(self._engines.fresh(self._name))
            except (StehaufError, DockerException, requests.RequestException, OSError):
                continue
            else:
                return


@contextlib.contextmanager
def watching(engines: Engines, project: str, sink: EventSink, failed: Callable[[str], None]) -> Iterator[None]:
    """Deliver the stack's events of every machine until the context ends; `failed` at most once.

    A machine that dies breaks its stream: that is no hole where the manager says that it is down, for then nothing
    happens there. Its engine is listened to again as soon as it answers, from its own beginning.
    """
    lock, told = threading.Lock(), threading.Event()

    def tell(raw: dict[str, Any], node: str) -> None:
        event = event_from(raw, time.time_ns(), project, node)
        if event is not None:
            with lock:
                sink(event)

    def fail_once(why: str) -> None:
        with lock:
            if told.is_set():
                return
            told.set()
        failed(why)

    with contextlib.ExitStack() as open_:
        for name in engines.endpoints():
            follower = _Follower(name, engines, project, tell)
            follower.open(fail_once)
            open_.callback(follower.close)
        yield


def _from(at_ns: int) -> str:
    seconds, nanoseconds = divmod(at_ns, 1_000_000_000)
    return f"{seconds}.{nanoseconds:09d}"
