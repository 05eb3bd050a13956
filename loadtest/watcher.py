"""One target of the canary: asks it once for each time that is due."""

import errno
import time
from collections.abc import Mapping

import aiohttp
from options import Target
from recorder import Answer, Recorder

from reports.evidence.samples import DEGRADED, INVALID, TIMEOUT

__all__ = ["Watcher"]

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}
"""Errors of this process or machine: no server's failure, and not recorded as one."""


class Watcher:
    """Asks one target and hands what came back to its recorder."""

    def __init__(self, target: Target, recorder: Recorder) -> None:
        self.target = target
        self.recorder = recorder
        self._session = _session(target.timeout_s)

    async def request(self, due_ns: int) -> None:
        """Ask once and record it. Raises OSError when the disk refuses, or this machine a socket."""
        sent_ns = time.monotonic_ns()
        answer = await self._ask()
        self.recorder.record(due_ns, sent_ns, time.monotonic_ns(), answer)

    def unsent(self, due_ns: int) -> None:
        """Record a request that was not sent, too many being outstanding: it failed."""
        self.recorder.count("unsent")
        now_ns = time.monotonic_ns()
        self.recorder.record(due_ns, now_ns, now_ns, Answer())

    async def close(self) -> None:
        """Close connections and file."""
        await self._session.close()
        self.recorder.close()

    async def _ask(self) -> Answer:
        answer = Answer()
        try:
            async with self._session.get(self.target.url, allow_redirects=False) as response:
                flags = self._marked(response.headers)
                # Should the body break off, this is what came: a status, and not what was asked for.
                answer = Answer(response.status, flags | INVALID)
                body = await response.read()
                if (mark := self.target.degraded_body) and mark in body:
                    flags |= DEGRADED
                return Answer(response.status, flags, body)
        except TimeoutError:
            return Answer(flags=TIMEOUT)
        except (aiohttp.ClientError, OSError) as error:
            if getattr(error, "errno", None) in _OURS:
                raise
            return answer

    def _marked(self, headers: Mapping[str, str]) -> int:
        name, value = self.target.degraded_header
        said = headers.get(name)
        return DEGRADED if said is not None and (said == value or not value) else 0


def _session(timeout_s: float) -> aiohttp.ClientSession:
    """A client that keeps its connections, and sends each request once and directly."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        trust_env=False,
    )
    # aiohttp repeats a GET on a fresh connection when a kept one was dead; there is no public switch.
    session._retry_connection = False  # noqa: SLF001
    return session
