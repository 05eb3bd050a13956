"""How the process of every service begins and ends, whichever server listens in it."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from services.common import log, metrics, tracing
from services.common.settings import InvalidSetting, Listen, Settings, read

__all__ = ["LARGEST_BODY", "UNTRACED", "run"]

LARGEST_BODY = 64 * 1024
"""Bytes of a request's body that are taken."""
UNTRACED = ("/healthz", "/metrics", "/breakers")
"""Asked many times a second by those who look on; no shopper's request among them."""

_App = TypeVar("_App")


def run(
    service: str, make: Callable[[Settings], _App], listen: Callable[[_App, Listen, Callable[..., None]], None]
) -> None:
    """Run as that service: `listen` serves what `make` gives until told to end, and calls back when it listens.

    An invalid setting, or a port that is taken, ends the process with a sentence.
    """
    log.begin(service)
    try:
        settings = read(os.environ)
        app = make(settings)
    except InvalidSetting as error:
        sys.exit(str(error))
    where = settings.listen

    def listening(*_: object) -> None:
        log.event("listening", host=where.host, port=where.port)
        metrics.begin()
        tracing.begin(log.service(), settings.trace_endpoints, settings.traces_per_second)

    log.event("starting", host=where.host, port=where.port)
    try:
        listen(app, where, listening)
    except OSError as error:
        log.event("failed", reason=f"cannot listen on {where.host}:{where.port}: {error}")
        sys.exit(1)
    tracing.end()
    log.event("ended")
