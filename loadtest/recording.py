"""Records what Locust users do, whoever they are: every request a sample, every order a line.

A user file derives its users from `RecordedUser`, calls `recording.listen()` once, and places orders
within `recording.placing(order_id)`. The rest follows from Locust's own events and from these options:
`--evidence DIR` (without it nothing is recorded), `--allow-host HOST`, `--die-with-parent [PID]`.

At the end (SIGINT, SIGTERM, --run-time, or the parent's death) no user begins anything; requests in flight
have STOP_S to finish and are recorded as what they became. One cut off after that is no sample, since
nobody knows what it would have become; an order among them is in the ledger, as unknown.
"""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import geventhttpclient.client
from common import EXIT_FAILED, EXIT_REFUSED, Order, OrderLedger, Parent, refusal, say
from locust import FastHttpUser, events
from locust.env import Environment
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from reports.evidence.samples import DEGRADED, INVALID, TIMEOUT, Sample, SampleWriter

__all__ = ["RecordedUser", "recording"]

STOP_S = 1.5
"""Seconds that requests in flight have at the end."""
_PARENT_CHECK_S = 0.5
_SERVER_SAID_YES = range(200, 400)


class RecordedUser(FastHttpUser):
    """A user whose every request is sent once, to the host allowed, and ends: answered or after 5 s."""

    abstract = True
    network_timeout = 5.0
    connection_timeout = 5.0
    max_redirects = 0  # a redirect could lead to a host that nobody allowed
    concurrency = 1

    def stop(self, force: bool = False) -> bool:
        """End between two tasks. Locust kills a user that waits, though it may be about to send."""
        if not force and self._state == LOCUST_STATE_WAITING:
            self._state = LOCUST_STATE_STOPPING
            return False
        return bool(super().stop(force=force))


class _Recording:
    """The one recording of this process."""

    def __init__(self) -> None:
        self._environment: Environment | None = None
        self._writer: SampleWriter | None = None
        self._orders: OrderLedger | None = None
        self._failed = False

    def listen(self) -> None:
        """Take part in this Locust process."""
        # Without this a GET is silently sent again, up to eleven times, when its connection breaks.
        geventhttpclient.client.IDEMPOTENT_METHODS = frozenset()
        events.init_command_line_parser.add_listener(_add_options)
        events.init.add_listener(self._begin)
        events.test_start.add_listener(_check_host)
        events.request.add_listener(self._request)
        events.quit.add_listener(self._end)

    @contextmanager
    def placing(self, order_id: str) -> Iterator[Order]:
        """The order as it is placed: tell it status and state; it is written when the block is left."""
        if self._orders is None or self._failed:  # after a torn line nothing more can be appended
            yield Order(order_id)
            return
        try:
            with self._orders.placing(order_id) as order:
                yield order
        except OSError as error:
            self._fail(error)

    def _begin(self, environment: Environment, **_: Any) -> None:
        # Here, not at import: with --processes each worker is forked before, and has a file of its own.
        self._environment = environment
        options = environment.parsed_options
        _check_host(environment)
        environment.stop_timeout = environment.stop_timeout or STOP_S
        _stop_in_order(environment)
        if options.die_with_parent is not None:
            _die_with_parent(environment, 0 if options.worker else options.die_with_parent)
        if options.evidence:
            self._open(Path(options.evidence), environment)

    def _open(self, directory: Path, environment: Environment) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._orders = OrderLedger(directory)
            self._writer = SampleWriter(directory, "load", {"kind": "load", "host": environment.host})
        except OSError as error:
            say(f"The load cannot record into {directory}: {error}. Nothing was sent.")
            raise SystemExit(EXIT_FAILED) from error

    def _request(
        self, name: str, response_time: float, start_time: float, response: Any = None, exception: Any = None, **_: Any
    ) -> None:
        if self._writer is None or self._failed:
            return
        try:
            self._writer.write(
                Sample(
                    due_ns=round(start_time * 1e9),
                    latency_s=response_time / 1e3,
                    status=_status(response),
                    flags=_flags(response, exception),
                    name=name,
                )
            )
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """End the load: what is not recorded has not been shown."""
        if self._failed or self._environment is None:
            return
        self._failed = True
        say(f"The load could not write its evidence: {error}. It stops here: make room and repeat the run.")
        self._environment.process_exit_code = EXIT_FAILED
        gevent.spawn(self._environment.runner.quit)

    def _end(self, **_: Any) -> None:
        if self._writer is None or self._orders is None:
            return
        try:
            self._orders.close()
            self._writer.close()
        except OSError as error:
            self._fail(error)
            raise SystemExit(EXIT_FAILED) from error


def _add_options(parser: Any, **_: Any) -> None:
    add = parser.add_argument
    hidden = {"include_in_web_ui": False}
    add("--evidence", metavar="DIR", help="folder for samples and orders; without it none is kept", **hidden)
    add("--allow-host", action="append", default=[], metavar="HOST", help="a host beyond loopback", **hidden)
    add("--die-with-parent", nargs="?", type=int, const=0, metavar="PID", help="stop when it ends", **hidden)


def _check_host(environment: Environment, **_: Any) -> None:
    """Refuse what is not loopback, before a user exists; again at each start, as the web page can set it."""
    hosts = {environment.host} if environment.host else {user.host for user in environment.user_classes}
    for host in filter(None, hosts):
        if sentence := refusal(host, environment.parsed_options.allow_host):
            say(sentence)
            raise SystemExit(EXIT_REFUSED)


def _stop_in_order(environment: Environment) -> None:
    """Let SIGINT do what --run-time does: Python's own way raises it inside whichever user runs."""
    state = {"asked": False}

    def stop() -> None:
        if not state["asked"]:
            state["asked"] = True
            environment.runner.quit()

    gevent.signal_handler(signal.SIGINT, stop)


def _die_with_parent(environment: Environment, pid: int) -> None:
    parent = Parent.bind(pid)

    def watch() -> None:
        while not parent.gone():
            gevent.sleep(_PARENT_CHECK_S)
        logging.getLogger(__name__).warning("The process that started the load is gone: stopping.")
        environment.runner.quit()

    gevent.spawn(watch)


def _status(response: Any) -> int:
    return getattr(response, "status_code", 0) or 0


def _flags(response: Any, exception: Any) -> int:
    flags = 0
    headers = getattr(response, "headers", None)
    if headers is not None and headers.get("X-Degraded") == "true":
        flags |= DEGRADED
    error = getattr(response, "error", None)
    if isinstance(getattr(error, "original", error), TimeoutError | gevent.Timeout):
        flags |= TIMEOUT
    if exception is not None and _status(response) in _SERVER_SAID_YES:
        flags |= INVALID
    return flags


recording = _Recording()
