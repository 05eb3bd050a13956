"""The receiver of traces: takes spans by OTLP over HTTP and keeps a bounded part of them as evidence.

    python loadtest/spans.py --evidence DIR --listen 127.0.0.1:4318

Whole traces are kept or left out, so that each one kept can be drawn: of those that begin in one second the
first PER_SECOND, and any in which something happened (an event or an error), until the file is full. It writes
`spans.jsonl`, a span a line (with the kernel at once: a kill loses nothing), and `spans.json`, how many came
and how many were left out. It answers on loopback and on the addresses that it is told: nothing else is asked.

stdout: `ready` when it listens. Exit code: 0 stopped (SIGINT, SIGTERM); 2 refused; 3 failed.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from aiohttp import web
from common import EXIT_FAILED, EXIT_REFUSED, STDOUT, Parent, say
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp import Span, read_spans

from reports.evidence.jsonl import JsonLines, write_json

PER_SECOND = 50
MOST_BYTES = 32 * 1024 * 1024
_LARGEST_BODY = 8 * 1024 * 1024
_REMEMBERED = 50_000
_SECONDS = 3600
_PARENT_CHECK_S = 0.5


class Store:
    """Decides which traces are kept, and appends their spans. Raises OSError when the disk refuses."""

    def __init__(
        self, directory: Path, per_second: int = PER_SECOND, most_bytes: int = MOST_BYTES, project: str | None = None
    ) -> None:
        self._project = project
        self._directory = directory
        self._lines = JsonLines(directory / "spans.jsonl")
        self._per_second = per_second
        self._room = most_bytes
        self._kept: dict[str, bool] = {}
        self._begun: dict[int, int] = {}
        self._counts = {"received": 0, "kept": 0, "left_out": 0, "no_room": 0, "invalid": 0, "foreign": 0}

    def take(self, spans: Iterable[Span]) -> None:
        """Keep the spans of the traces that are kept."""
        for span in spans:
            self._counts["received"] += 1
            self._counts[self._fate(span)] += 1

    def write_counts(self) -> None:
        """Write `spans.json`."""
        write_json(self._directory / "spans.json", {**self._counts, "per_second": self._per_second})

    def _fate(self, span: Span) -> str:
        if not span.is_valid:
            return "invalid"
        if self._project is not None and span.project not in {None, self._project}:
            return "foreign"
        if not self._is_kept(span):
            return "left_out"
        line = span.as_line()
        size = len(json.dumps(line, ensure_ascii=False).encode()) + 1
        if size > self._room:
            self._room = 0  # from here on nothing: a gap in between would look like a short trace
            return "no_room"
        self._room -= size
        self._lines.append(line)
        return "kept"

    def _is_kept(self, span: Span) -> bool:
        """A trace's fate is settled with its first span; only something that happened can turn it."""
        kept = self._kept.get(span.trace)
        if kept is None:
            second = span.begin_ns // 1_000_000_000
            self._begun[second] = self._begun.get(second, 0) + 1
            kept = self._begun[second] <= self._per_second
            self._forget()
        kept = kept or span.is_eventful
        self._kept[span.trace] = kept
        return kept

    def _forget(self) -> None:
        """Long runs: who is not heard of any more is not remembered."""
        while len(self._kept) > _REMEMBERED:
            del self._kept[next(iter(self._kept))]
        while len(self._begun) > _SECONDS:
            del self._begun[next(iter(self._begun))]


class Receiver:
    """The HTTP side."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.over = asyncio.Event()
        self.error: OSError | None = None

    async def traces(self, request: web.Request) -> web.Response:
        """`POST /v1/traces`."""
        try:
            message = ExportTraceServiceRequest.FromString(await request.read())
        except (DecodeError, web.RequestPayloadError):
            raise web.HTTPBadRequest(text="that is no OTLP protobuf") from None
        try:
            self._store.take(read_spans(message))
        except OSError as error:
            self.error = error
            self.over.set()
            raise web.HTTPInsufficientStorage from error
        return web.Response(body=b"", content_type="application/x-protobuf")

    async def run(self, addresses: Sequence[tuple[str, int]], parent: Parent | None) -> None:
        """Listen until told to end. Raises OSError."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post("/v1/traces", self.traces)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.over.set)
        try:
            for host, port in addresses:
                await web.TCPSite(runner, host, port).start()
            self._store.write_counts()
            say("ready", STDOUT)
            while not self.over.is_set() and not (parent and parent.gone()):
                await _soon(self.over)
                self._store.write_counts()
        finally:
            await runner.cleanup()
        self._store.write_counts()
        if self.error is not None:
            raise self.error


async def _soon(over: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_PARENT_CHECK_S):
            await over.wait()
    except TimeoutError:
        return


def main(arguments: Sequence[str] | None = None) -> int:
    """Receive; gives the exit code."""
    parser = argparse.ArgumentParser(description="Receive traces and keep a bounded part of them.")
    parser.add_argument("--evidence", type=Path, required=True, metavar="DIR")
    parser.add_argument("--listen", action="append", required=True, metavar="HOST:PORT")
    parser.add_argument("--project", metavar="NAME", help="leave out what another project sent (stehauf.project)")
    parser.add_argument("--per-second", type=int, default=PER_SECOND, metavar="N", help="traces kept of one second")
    parser.add_argument("--most-bytes", type=int, default=MOST_BYTES, metavar="N", help="size of the file")
    parser.add_argument("--die-with-parent", type=int, metavar="PID")
    options = parser.parse_args(arguments)
    try:
        addresses = [(host, int(port)) for host, _, port in (text.rpartition(":") for text in options.listen)]
    except ValueError:
        say(f"{' '.join(options.listen)!r} is no address: give HOST:PORT, such as 127.0.0.1:4318.")
        return EXIT_REFUSED
    try:
        parent = None if options.die_with_parent is None else Parent.bind(options.die_with_parent)
        options.evidence.mkdir(parents=True, exist_ok=True)
        store = Store(options.evidence, options.per_second, options.most_bytes, options.project)
        asyncio.run(_run(store, addresses, parent))
    except OSError as error:
        say(f"The receiver of traces at {', '.join(options.listen)} ended: {error}.")
        return EXIT_FAILED
    return 0


async def _run(store: Store, addresses: Sequence[tuple[str, int]], parent: Parent | None) -> None:
    await Receiver(store).run(addresses, parent)


if __name__ == "__main__":
    sys.exit(main())
