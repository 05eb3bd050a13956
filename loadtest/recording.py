"""Records what Locust users do, whoever they are: every request a sample, every order a line.

A user file derives its users from `RecordedUser`, calls `recording.listen()` once, and places orders
within `recording.placing(order_id)`. The rest follows from Locust's own events and from these options:
`--evidence DIR` (without it nothing is recorded), `--arrivals RATE` (open loop, see `openloop`; without it
users wait for answers, as Locust's do), `--allow-host HOST`, `--die-with-parent [PID]`.

At the end (SIGINT, SIGTERM, --run-time, or the parent's death) no user begins anything; requests in flight
have time to finish and are recorded as what they became: in open loop their whole time-out, in closed loop STOP_S.
One cut off after that is no sample, since nobody knows what it would have become; an order among them is in the
ledger, as unknown.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import geventhttpclient.client
from client import Client
from common import EXIT_FAILED, Order, OrderLedger, say
from locust import User, events
from locust.env import Environment
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING
from openloop import Journeys, follower, most_users, unfit
from pulse import Pulse
from schedule import Clock, Schedule, parse_stages
from steering import add_options, check_host, die_in_time, is_master, refuse, stop_in_order
from tally import Tally
from wire import OURS, Host

from reports.evidence.samples import DEGRADED, INVALID, TIMEOUT, SampleWriter
from reports.evidence.stages import Stage

__all__ = ["RecordedUser", "recording"]

STOP_S = 1.5
"""Seconds that requests in flight have at the end, where users wait for them; in open loop the time-out, and these."""
_SERVER_SAID_YES = range(200, 400)


class RecordedUser(User):
    """A user whose every request is sent once, to the host allowed, and ends: answered or after 5 s."""

    abstract = True
    network_timeout = 5.0
    """Seconds from sending until an answer counts as none."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.client = Client(_host(self.host), self.network_timeout, environment.events.request)

    def stop(self, force: bool = False) -> bool:
        """End between two tasks. Locust kills a user that waits, though it may be about to send."""
        if not force and self._state == LOCUST_STATE_WAITING:
            self._state = LOCUST_STATE_STOPPING
            return False
        return bool(super().stop(force=force))


_hosts: dict[str, Host] = {}


def _host(url: str | None) -> Host:
    """One for all users: its addresses are theirs in turns."""
    return _hosts.setdefault(str(url), _hosts.get(str(url)) or Host(str(url)))


class _Recording:
    """The one recording of this process."""

    def __init__(self) -> None:
        self._environment: Environment | None = None
        self._writer: SampleWriter | None = None
        self._orders: OrderLedger | None = None
        self._journeys: Journeys | None = None
        self._clock = Clock.start()
        self._is_open = False
        self._failed = False

    def listen(self) -> None:
        """Take part in this Locust process."""
        # Without this a FastHttpUser's GET is silently sent again, up to eleven times, when its connection breaks.
        geventhttpclient.client.IDEMPOTENT_METHODS = frozenset()
        events.init_command_line_parser.add_listener(add_options)
        events.init.add_listener(self._begin)
        events.test_start.add_listener(self._start)
        events.request.add_listener(self._request)
        events.user_error.add_listener(self._user_error)
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
        self._clock = Clock.start()
        gc.freeze()  # Locust and all that it imports is here to stay: looking through it would hold the schedule up
        options = environment.parsed_options
        check_host(environment)
        stop_in_order(environment)
        die_in_time(environment)
        self._open_loop(environment)
        environment.stop_timeout = environment.stop_timeout or STOP_S
        if options.evidence and not is_master(environment):
            self._open(Path(options.evidence), environment)

    def _start(self, environment: Environment, **_: Any) -> None:
        check_host(environment)
        self._open_loop(environment)  # a worker elsewhere hears only now what its master was asked for

    def _open_loop(self, environment: Environment) -> None:
        """Let a schedule begin the users' tasks, instead of the users, where that is asked for."""
        options = environment.parsed_options
        if self._is_open or not options.arrivals:
            return
        self._is_open = True
        classes = list(environment.user_classes)
        try:
            stages = parse_stages(options.arrivals)
            _host(environment.host or classes[0].host)
        except ValueError as error:
            refuse(str(error))
        if sentence := unfit(classes, RecordedUser):
            refuse(sentence)
        longest = max(cls.network_timeout for cls in classes)
        environment.stop_timeout = environment.stop_timeout or longest + STOP_S
        environment.user_classes = [follower(lambda goes_on: self._follow(environment, classes, stages, goes_on))]
        options.num_users = options.spawn_rate = options.expect_workers if is_master(environment) else 1

    def _follow(
        self,
        environment: Environment,
        classes: list[type[RecordedUser]],
        stages: tuple[Stage, ...],
        goes_on: Callable[[], bool],
    ) -> None:
        options, runner = environment.parsed_options, environment.runner
        of = options.expect_workers if options.worker else 1
        for cls in classes:
            cls.host = environment.host or cls.host
        schedule = Schedule(Clock.start().monotonic_ns, stages, runner.worker_index, of)
        if self._journeys is not None or not 0 <= schedule.index < of:
            self._fail("a worker was lost, and nobody can take over its share of the schedule")
            return
        most = most_users(schedule, max(cls.network_timeout for cls in classes))
        self._journeys = Journeys(environment, classes, most, self._fail)
        if self._writer:
            lowest = min(min(stage.begin, stage.end) for stage in stages)
            self._writer.tell(
                arrivals=[stage.row for stage in stages],
                begin_ns=self._clock.utc_ns(schedule.first_ns),
                share=[schedule.index, of],
                rate=lowest / of,
            )
        with Tally.of(environment):
            self._journeys.follow(schedule, goes_on)

    def _open(self, directory: Path, environment: Environment) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._orders = OrderLedger(directory)
            self._writer = SampleWriter(directory, "load", {"kind": "load", "host": environment.host})
            gevent.spawn(Pulse(directory, self._outstanding).beat, self._fail)
        except OSError as error:
            say(f"The load cannot record into {directory}: {error}. Nothing was sent.")
            raise SystemExit(EXIT_FAILED) from error

    def _outstanding(self) -> int:
        return self._journeys.outstanding if self._journeys else self._environment.runner.user_count

    def _request(self, name: str, response: Any = None, exception: Any = None, **told: Any) -> None:
        if self._writer is None or self._failed:
            return
        due_ns, sent_ns, ended_ns = told.get("times_ns") or self._times(told)
        status, flags = _status(response), _flags(response, exception)
        try:
            self._writer.append(
                self._clock.utc_ns(due_ns), ended_ns - due_ns, sent_ns - due_ns, status, flags, self._writer.index(name)
            )
        except OSError as error:
            self._fail(error)

    def _user_error(self, exception: Any, **_: Any) -> None:
        """A user's own mistake is Locust's to tell. Where this machine had no socket, a request was not made."""
        if getattr(exception, "errno", None) in OURS:
            self._fail(f"this machine gave no room for another connection: {exception}")

    def _times(self, told: dict[str, Any]) -> tuple[int, int, int]:
        """Of a client that is not ours: from when it was sent, as Locust has it."""
        sent_ns = round(told["start_time"] * 1e9) - self._clock.wall_ns + self._clock.monotonic_ns
        return sent_ns, sent_ns, sent_ns + round(told["response_time"] * 1e6)

    def _fail(self, why: OSError | str) -> None:
        """End the load: what is not recorded has not been shown."""
        if self._failed or self._environment is None:
            return
        self._failed = True
        if isinstance(why, str):
            say(f"The load stops here, for {why}.")
        else:
            say(f"The load could not write its evidence: {why}. It stops here: make room and repeat the run.")
        self._environment.process_exit_code = EXIT_FAILED
        gevent.spawn(self._environment.runner.quit)

    def _end(self, **_: Any) -> None:
        if self._writer is None or self._orders is None:
            return
        try:
            self._orders.close()
            self._writer.close(failed=self._failed)
        except OSError as error:
            self._fail(error)
            raise SystemExit(EXIT_FAILED) from error


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
