"""How a Locust process of ours is told what to do: its options, where it may go, how it ends."""

import logging
import os
import signal
from typing import Any

import gevent
from common import EXIT_REFUSED, Parent, refusal, say
from locust import runners
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

__all__ = ["add_options", "check_host", "die_in_time", "is_master", "refuse", "stop_in_order"]

MASTER_SILENT_S = 10
"""Seconds without a sign of a master on another machine after which its worker ends; Locust would wait for 60."""

_PARENT_CHECK_S = 0.5
_FIRST_PID = os.getpid()
"""With --processes, workers are forked after this module was read: who has another pid is one of them."""


def add_options(parser: Any, **_: Any) -> None:
    """Ours, beside Locust's own."""
    add = parser.add_argument
    hidden = {"include_in_web_ui": False}
    add("--evidence", metavar="DIR", help="folder for samples and orders; without it none is kept", **hidden)
    add("--arrivals", metavar="RATE", help="open loop: journeys a second, or [[seconds, from, to], ...]", **hidden)
    add("--allow-host", action="append", default=[], metavar="HOST", help="a host beyond loopback", **hidden)
    add("--die-with-parent", nargs="?", type=int, const=0, metavar="PID", help="stop when it ends", **hidden)


def refuse(sentence: str) -> None:
    """End before anything is sent, with one sentence. Raises SystemExit."""
    say(sentence)
    raise SystemExit(EXIT_REFUSED)


def check_host(environment: Environment, **_: Any) -> None:
    """Refuse what is not loopback, before a user exists; again at each start, as the web page can set it."""
    hosts = {environment.host} if environment.host else {user.host for user in environment.user_classes}
    for host in filter(None, hosts):
        if sentence := refusal(host, environment.parsed_options.allow_host):
            refuse(sentence)


def is_master(environment: Environment) -> bool:
    """Whether this process only leads others: it sends nothing itself."""
    return isinstance(environment.runner, MasterRunner)


def stop_in_order(environment: Environment) -> None:
    """Let SIGINT do what --run-time does: Python's own way raises it inside whichever user runs."""
    state = {"asked": False}

    def stop() -> None:
        if not state["asked"]:
            state["asked"] = True
            environment.runner.quit()

    gevent.signal_handler(signal.SIGINT, stop)


def die_in_time(environment: Environment) -> None:
    """Outlive neither the process that started this one, where so asked, nor, as a worker, the master."""
    asked = environment.parsed_options.die_with_parent
    if os.getpid() != _FIRST_PID:
        _die_with(environment, _FIRST_PID)
    elif asked is not None:
        _die_with(environment, asked)
    if isinstance(environment.runner, WorkerRunner):
        runners.MASTER_HEARTBEAT_TIMEOUT = MASTER_SILENT_S


def _die_with(environment: Environment, pid: int) -> None:
    parent = Parent.bind(pid)

    def watch() -> None:
        while not parent.gone():
            gevent.sleep(_PARENT_CHECK_S)
        logging.getLogger(__name__).warning("The process that started the load is gone: stopping.")
        environment.runner.quit()

    gevent.spawn(watch)
