"""Follows circuit breakers through the endpoint that exposes them: every transition, with its own time."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from probes.run.answers import why

__all__ = ["BreakerWatch", "read_breakers"]

_EVERY_S = 0.2
_TIMEOUT_S = 1.0

Append = Callable[[str, Mapping[str, Any]], None]


def read_breakers(url: str, timeout: float = _TIMEOUT_S) -> dict[str, Any]:
    """What the endpoint says now. Raises requests.RequestException, ValueError (no JSON object)."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=timeout)
        answer.raise_for_status()
        body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("breakers"), list):
        raise ValueError(f"{url} does not list breakers")
    return body


class BreakerWatch:
    """Polls one endpoint five times a second; transitions carry the service's own time, so none is blurred.

    A process that restarts begins a new `boot` with new sequence numbers. Transitions that it made and that
    were not read before it died are lost with it.
    """

    def __init__(self, url: str, append: Append) -> None:
        self._url = url
        self._append = append
        self._seen: dict[tuple[str, str], int] = {}
        self._was_down = False
        self.polls = 0
        """Readings that have ended."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"breakers {url}", daemon=True)

    def start(self) -> None:
        """Read once, so that the beginning is known, and then follow."""
        self._poll()
        self._thread.start()

    def stop(self) -> None:
        """Read a last time and end."""
        self._stop.set()
        self._thread.join(timeout=2 * _TIMEOUT_S + _EVERY_S)
        self._poll()

    def _follow(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._poll()

    def _poll(self) -> None:
        try:
            body = read_breakers(self._url)
            for breaker in body["breakers"]:
                self._note(str(body.get("boot")), breaker)
            if self._was_down:
                self._write({"back": True})
            self._was_down = False
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            if not self._was_down:
                self._write({"error": why(error)})
            self._was_down = True
        self.polls += 1

    def _note(self, boot: str, breaker: Mapping[str, Any]) -> None:
        name = str(breaker["name"])
        about = {"breaker": name, "boot": boot}
        transitions = breaker["transitions"]
        if (boot, name) not in self._seen:
            first = not any(known == name for _, known in self._seen)
            last = transitions[-1]["seq"] if transitions and first else 0  # a new boot is told from its beginning
            self._seen[boot, name] = last
            state = breaker["state"] if first else "closed"
            self._write({**about, "at_ns": time.time_ns(), "from": None, "to": state, "seq": last})
        for step in transitions:
            if step["seq"] > self._seen[boot, name]:
                self._seen[boot, name] = step["seq"]
                self._write({**about, **{key: step[key] for key in ("at_ns", "from", "to", "reason", "seq")}})

    def _write(self, line: Mapping[str, Any]) -> None:
        self._append("breakers.jsonl", {"seen_ns": time.time_ns(), "source": self._url, **line})
