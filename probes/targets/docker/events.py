"""The engine's event stream: in a thread, on a connection of its own."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker

from probes.targets.api import Event, EventKind, EventSink, Health
from probes.targets.docker.containers import PROJECT, SERVICE
from probes.targets.docker.engine import asked
from probes.targets.values import parse_rfc3339_ns

__all__ = ["dotted", "event_of", "watching"]

_KINDS: Mapping[str, EventKind] = {
    "start": "start",
    "kill": "kill",
    "die": "die",
    "stop": "stop",
    "pause": "pause",
    "unpause": "resume",
    "oom": "oom",
}
_HEALTHS: Mapping[str, Health] = {"healthy": "healthy", "unhealthy": "unhealthy", "starting": "starting"}
_HEALTH = "health_status: "


def event_of(raw: Mapping[str, Any], seen_ns: int, whose: tuple[str, str] | None = None) -> Event | None:
    """Our event for the engine's, or None for one that says nothing to us (exec_*, create, destroy ...).

    `whose`: service and instance, where Compose's labels do not say it.
    """
    action, actor = str(raw.get("Action", "")), raw.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    kind: EventKind | None = "health" if action.startswith(_HEALTH) else _KINDS.get(action)
    if kind is None or (whose is None and SERVICE not in attributes):
        return None
    service, instance = whose or (attributes[SERVICE], actor["ID"])
    return Event(
        at_ns=int(raw["timeNano"]),
        seen_ns=seen_ns,
        service=service,
        instance=instance,
        kind=kind,
        exit_code=int(attributes["exitCode"]) if kind == "die" else None,
        signal=int(attributes["signal"]) if kind == "kill" else None,
        health=_HEALTHS.get(action.removeprefix(_HEALTH)),
    )


@contextmanager
def watching(
    client: docker.DockerClient, project: str, sink: EventSink, failed: Callable[[str], None]
) -> Iterator[None]:
    """Deliver the project's events until the context ends. Owns the client and closes it."""
    with asked("open its event stream"):
        # By the engine's clock, which may run in another machine: nothing later than this is missed.
        since = client.info()["SystemTime"]
        # An event stream is silent for as long as nothing happens.
        client.api.timeout = None  # type: ignore[assignment]
        stream = client.api.events(
            since=dotted(since),  # type: ignore[call-overload]
            filters=_filters(project),
            decode=True,
        )
    closing = threading.Event()

    def read() -> None:
        reason = "it ended"
        try:
            for raw in stream:
                event = event_of(raw, time.time_ns())
                if event is not None:
                    sink(event)
        except Exception as error:  # noqa: BLE001 - of the stream (closing ends it so) or of the sink: no more is heard
            reason = str(error) or type(error).__name__
        if not closing.is_set():
            failed(f"The engine's event stream broke ({reason}); what happened after that is unknown.")

    thread = threading.Thread(target=read, name="docker-events", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        stream.close()
        thread.join()
        client.close()


def _filters(project: str) -> dict[str, Any]:
    return {"type": "container", "label": [f"{PROJECT}={project}"]}


def dotted(rfc3339: str) -> str:
    """Seconds and nanoseconds as the API reads them; a whole number of seconds would replay what was before."""
    seconds, nanoseconds = divmod(parse_rfc3339_ns(rfc3339) or time.time_ns(), 1_000_000_000)
    return f"{seconds}.{nanoseconds:09d}"
