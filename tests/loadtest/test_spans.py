"""The receiver of traces: what it keeps is whole, bounded, and survives its own death."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

ROOT = Path(__file__).parents[2]
S = 1_000_000_000


def message(spans: list[tuple[int, int, int, str]], service: str = "shop") -> bytes:
    """OTLP of spans given as trace, span, beginning in ns, event."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    name = resource.resource.attributes.add()
    name.key, name.value.string_value = "service.name", service
    scope = resource.scope_spans.add()
    for trace, number, begin, event in spans:
        span = scope.spans.add(
            trace_id=trace.to_bytes(16, "big"), span_id=number.to_bytes(8, "big"), name="GET /", kind=2
        )
        span.start_time_unix_nano, span.end_time_unix_nano = begin, begin + 1000
        if event:
            span.events.add(name=event, time_unix_nano=begin)
    return request.SerializeToString()


def command(folder: Path, port: int, *options: str) -> list[str]:
    own = [sys.executable, str(ROOT / "loadtest/spans.py")]
    return [*own, "--evidence", str(folder), "--listen", f"127.0.0.1:{port}", *options]


class Receiving:
    """The receiver as a process."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            command(folder, self.port, *options),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.said = self.process.stdout.readline()

    def post(self, body: bytes, path: str = "/v1/traces", method: str = "POST", **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        status = connection.getresponse().status
        connection.close()
        return status

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "spans.jsonl").read_text(encoding="utf-8").splitlines()]

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.folder / "spans.json").read_text(encoding="utf-8"))
        return found


@contextmanager
def receiving(folder: Path, *options: str) -> Iterator[Receiving]:
    one = Receiving(folder, *options)
    try:
        assert one.said == "ready\n", one.process.communicate()
        yield one
    finally:
        one.process.kill()
        one.process.communicate()


def test_a_span_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    with receiving(tmp_path) as one:
        assert one.post(message([(10, 1, 5 * S, "fallback")])) == 200
        one.process.kill()
        one.process.wait()
        (line,) = one.lines()
    assert line == {
        "trace": f"{10:032x}", "id": f"{1:016x}", "parent": None, "service": "shop", "name": "GET /",
        "kind": "server", "begin_ns": 5 * S, "end_ns": 5 * S + 1000, "error": None, "attributes": {},
        "events": [{"at_ns": 5 * S, "name": "fallback", "attributes": {}}],
    }  # fmt: skip


def test_of_one_second_only_so_many_traces_are_kept_and_those_whole(tmp_path: Path) -> None:
    with receiving(tmp_path, "--per-second", "3") as one:
        one.post(message([(trace, 1, 5 * S + trace, "") for trace in range(1, 11)]))
        one.post(message([(trace, 2, 6 * S + trace, "") for trace in range(1, 11)], "other"))
        one.post(message([(20, 1, 6 * S, "")]))
        one.post(message([(30, 1, 5 * S, "breaker open")]))
        one.process.terminate()
        assert one.process.wait(30) == 0
        kept = Counter(int(line["trace"], 16) for line in one.lines())
        assert kept == {1: 2, 2: 2, 3: 2, 20: 1, 30: 1}
        assert one.counts() == {
            "received": 22,
            "kept": 8,
            "left_out": 14,
            "no_room": 0,
            "invalid": 0,
            "foreign": 0,
            "per_second": 3,
        }


def test_the_file_does_not_grow_beyond_its_bound(tmp_path: Path) -> None:
    with receiving(tmp_path, "--most-bytes", "1000") as one:
        for second in range(20):
            one.post(message([(second + 1, 1, second * S, "")]))
        one.process.terminate()
        one.process.wait(30)
        assert 0 < (tmp_path / "spans.jsonl").stat().st_size <= 1000
        counts = one.counts()
        assert counts["kept"] + counts["no_room"] == 20
        assert counts["kept"] == len(one.lines())


def test_what_is_no_trace_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with receiving(tmp_path) as one:
        assert one.post(b"\xff\xffnonsense") == 400
        assert one.post(b"", path="/v1/logs") == 404
        assert one.post(b"", method="GET") == 405
        assert one.post(b'{"resourceSpans": []}', Content_Type="application/json") == 400
        assert one.post(b"x" * 9_000_000) == 413
        assert one.post(gzip.compress(b"\0" * 100_000_000), Content_Encoding="gzip") == 413
        assert one.post(b"no gzip", Content_Encoding="gzip") == 400
        whole = message([(1, 1, S, "fallback")])
        for length in range(1, len(whole), 7):
            assert one.post(whole[:length]) in {200, 400}, "torn somewhere"
        assert one.lines() == []
        assert one.post(message([(1, 1, S, "")])) == 200
        assert len(one.lines()) == 1


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with receiving(tmp_path) as one:
        done = subprocess.run(
            command(tmp_path / "b", one.port),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 3
    assert f"127.0.0.1:{one.port}" in done.stderr
    assert "in use" in done.stderr
    assert not (tmp_path / "b" / "spans.json").exists(), "it says that it listens"


def test_what_a_span_says_is_bounded_and_no_secret(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest.FromString(message([(1, 1, S, "fallback")]))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.name = "n" * 100_000
    span.status.code, span.status.message = 2, f"{'e' * 290} open-sesame-hunter2 {'e' * 100}"
    for number in range(1000):
        attribute = span.attributes.add(key=f"a{number}")
        attribute.value.string_value = "v" * 5_000 if number else "<script>alert(1)</script>"
        span.events.add(name=f"e{number}", time_unix_nano=S).attributes.add(key="x").value.double_value = float("nan")
    secret = span.events[0].attributes.add(key="http.request.header.Authorization")
    secret.value.string_value = "Bearer hunter2"
    span.attributes.insert(0, KeyValue(key="db.password", value=AnyValue(string_value="hunter2")))
    nested = span.attributes[5].value.kvlist_value.values.add(key="password")
    nested.value.string_value = "hunter2"
    with receiving(tmp_path) as one:
        assert one.post(request.SerializeToString()) == 200
        (line,) = one.lines()
        text = (tmp_path / "spans.jsonl").read_text(encoding="utf-8")
    assert len(text) < 12_000
    assert "hunter2" not in text
    assert "sesame" not in text, "a text cut within a secret would leave half of it"
    assert line["name"] == "(100000 characters)"
    assert (
        line["attributes"]["db.password"]
        == line["events"][0]["attributes"]["http.request.header.Authorization"]
        == "***"
    )
    assert line["attributes"]["a0"] == "<script>alert(1)</script>"
    assert len(line["attributes"]) == len(line["events"]) == 32


def test_spans_without_ids_are_no_trace(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest.FromString(
        message([(1, 1, S, ""), (2, 2, S, ""), (0, 3, S, ""), (4, 4, S, "")])
    )
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id, spans[1].span_id = b"", b"short"
    with receiving(tmp_path) as one:
        assert one.post(request.SerializeToString()) == 200
        one.process.terminate()
        one.process.wait(30)
        assert [int(line["trace"], 16) for line in one.lines()] == [4]
        assert one.counts()["invalid"] == 3


def test_texts_of_other_alphabets_count_as_the_bytes_that_they_are(tmp_path: Path) -> None:
    with receiving(tmp_path, "--most-bytes", "2000") as one:
        for second in range(20):
            one.post(message([(second + 1, 1, second * S, "\N{SNOWMAN}" * 200)]))
        one.process.terminate()
        one.process.wait(30)
        assert 0 < (tmp_path / "spans.jsonl").stat().st_size <= 2000
        assert one.counts()["no_room"] == 18


def test_spans_of_another_project_are_not_evidence_of_this_one(tmp_path: Path) -> None:
    with receiving(tmp_path, "--project", "mine") as one:
        for number, project in enumerate(("mine", "theirs", ""), 1):
            request = ExportTraceServiceRequest.FromString(message([(number, 1, S, "breaker open")]))
            if project:
                told = KeyValue(key="stehauf.project", value=AnyValue(string_value=project))
                request.resource_spans[0].resource.attributes.append(told)
            assert one.post(request.SerializeToString()) == 200
        one.process.terminate()
        one.process.wait(30)
        assert [int(line["trace"], 16) for line in one.lines()] == [1, 3]
        assert one.counts()["foreign"] == 1
