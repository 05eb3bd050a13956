"""Log lines: one JSON object a line on standard output, with UTC nanoseconds."""

import json
import logging
import sys
import time
from typing import Any

__all__ = ["begin", "event", "service"]

_service = "unnamed"


def begin(service: str) -> None:
    """Name the service in every line, and take in what libraries log from WARNING up."""
    global _service  # noqa: PLW0603 - a process is one service
    _service = service
    handler = _Handler()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def service() -> str:
    """The name of this service."""
    return _service


def event(what: str, **fields: Any) -> None:
    """Write one line."""
    line = {"at_ns": time.time_ns(), "service": _service, "event": what, **fields}
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


class _Handler(logging.Handler):
    """Turns a library's log record into one of our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"logger": record.name, "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            fields["exception"] = repr(record.exc_info[1])
        event("log", **fields)
