"""Follows what a service calls, through the endpoint that lists it: every call, in the form of a sample."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from probes.run.answers import why
from reports.evidence.samples import CANCELLED_CALL, COPY, FAILED_CALL, Sample, SampleWriter

__all__ = ["CallWatch", "read_calls"]

_EVERY_S = 0.2
_TIMEOUT_S = 1.0
_FLAGS = {"good": 0, "failed": FAILED_CALL, "cancelled": CANCELLED_CALL}
_AGES_TO_COME = 2**62

Problem = Callable[[str, str], None]


def read_calls(url: str, after: int, timeout: float = _TIMEOUT_S) -> dict[str, Any]:
    """Calls with a higher number than `after`. Raises requests.RequestException, ValueError (not as agreed)."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, params={"after": after}, timeout=timeout)
        answer.raise_for_status()
        body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("calls"), list) or not isinstance(body.get("last"), int):
        raise ValueError(f"{url} does not list calls")
    return body


class CallWatch:
    """Reads one endpoint five times a second and writes a sample for each call that has ended.

    Calls are numbered, so one that is missing is noticed: then, and where the process restarted and took its last
    calls with it, `lost` is above 0 beside the samples.
    """

    def __init__(self, url: str, samples: Path, name: str, problem: Problem) -> None:
        self._url = url
        self._problem = problem
        samples.mkdir(exist_ok=True)
        self._writer = SampleWriter(samples, name, {"kind": "calls", "url": url, "lost": 0})
        self._boot: str | None = None
        self._last = 0
        self._lost = 0
        self._failed: str | None = None
        self.polls = 0
        """Readings that have ended."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"calls {url}", daemon=True)

    def start(self) -> None:
        """Begin with the next call that ends."""
        body = read_calls(self._url, _AGES_TO_COME)
        self._boot, self._last = str(body.get("boot")), body["last"]
        self._thread.start()

    def stop(self) -> None:
        """Read a last time and end; what could not be read or written is a problem."""
        self._stop.set()
        self._thread.join(timeout=2 * _TIMEOUT_S + _EVERY_S)
        self._poll()
        if self._failed:
            self._problem(f"the calls at {self._url}", self._failed)
        self._writer.close()

    def _follow(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._poll()

    def _poll(self) -> None:
        try:
            while self._take(read_calls(self._url, self._last)):
                pass
            self._failed = None
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            self._failed = why(error)
        except OSError as error:  # the disk: nothing that comes later can mend it
            self._problem(f"the calls at {self._url}", str(error))
            self._stop.set()
        self.polls += 1

    def _take(self, body: dict[str, Any]) -> bool:
        """Write what came; whether there is more."""
        if str(body.get("boot")) != self._boot:
            self._boot, self._last = str(body.get("boot")), 0
            self._lose(1)
            return False
        for seq, upstream, at_ns, done_ns, status, outcome, *address in body["calls"]:
            self._lose(seq - self._last - 1)
            self._last = seq
            latency_s = (done_ns - at_ns) // 1000 / 1e6
            name = COPY.join(map(str, filter(None, [upstream, *address[:1]])))
            self._writer.write(Sample(at_ns, latency_s, status, _FLAGS[outcome], name))
        return bool(body["calls"]) and body["last"] > self._last

    def _lose(self, count: int) -> None:
        if count > 0:
            self._lost += count
            self._writer.tell(lost=self._lost)
