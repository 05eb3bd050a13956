"""What is written can be read, whatever happened in between."""

import enum
import json
import math
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evidence_builder import Run
from hypothesis import given
from hypothesis import strategies as st

from reports.evidence.jsonl import JsonLines, plain, read_json, read_lines, write_json
from reports.evidence.reader import Evidence
from reports.evidence.samples import DEGRADED, RECORD, Sample, SampleWriter
from reports.evidence.tables import SampleFile


class Colour(enum.Enum):
    RED = "red"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_any_value_becomes_json(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_what_json_cannot_hold_is_kept_as_text() -> None:
    value = {"c": Colour.RED, "at": datetime(2026, 1, 1, tzinfo=UTC), "b": b"a\xff", "n": math.nan, "s": {1}, 5: object}
    found = plain(value)
    assert found["c"] == "red"
    assert found["at"] == "2026-01-01T00:00:00+00:00"
    assert (found["b"], found["n"], found["s"]) == ("a\\xff", "nan", [1])
    assert found["5"] == "<class 'object'>"


def test_lines_from_many_threads_stay_whole(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "a" / "lines.jsonl")
    threads = [threading.Thread(target=lambda: [lines.append({"n": "x" * 500}) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.close()
    found = read_lines(lines.path)
    assert (len(found.objects), found.damaged) == (800, 0)


def test_a_full_disk_is_not_swallowed() -> None:
    lines = JsonLines(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        lines.append({"a": 1})
    lines.close()


def test_a_value_without_an_end_is_cut_off_and_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    endless: list[object] = []
    endless.append(endless)
    write_json(path, {"a": endless})
    assert "nested deeper" in path.read_text(encoding="utf-8")
    assert read_json(path) is not None
    assert list(tmp_path.iterdir()) == [path]


def test_lone_surrogates_do_not_cost_the_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": "\ud800"})
    assert read_json(tmp_path / "a.json") is not None


def test_a_torn_line_is_dropped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"at_ns":1,"service":"a","instance":"b","kind":"die"}\n{"at_ns":2,"serv')
    evidence = Evidence(tmp_path)
    assert len(evidence.events) == 1
    assert evidence.damage == ("events.jsonl: 1 damaged line dropped",)


def test_samples_of_many_writers_are_one_table_in_order_of_time(tmp_path: Path) -> None:
    run = Run()
    rows = run.samples["load-22"].rows
    run.samples["load-22"].rows = rows[::2]
    other = type(run.samples["load-22"])(run.samples["load-22"].about, rows[1::2])
    run.samples["load-23"] = other
    table = Evidence(run.write(tmp_path)).sources["load"].table
    assert table["due_ns"].tolist() == sorted(row[0] for row in rows)


def test_the_writer_and_the_reader_mean_the_same(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    writer = SampleWriter(tmp_path / "samples", "canary-shop", {"kind": "canary", "rate": 50})
    writer.write(Sample(10**18, 0.25, 200, DEGRADED, "GET /", 0.003, writer.content("hello")))
    open_file = Evidence(tmp_path)
    assert open_file.damage == ()  # a writer that has not closed yet gives no total
    writer.close()
    source = Evidence(tmp_path).sources["canary:shop"]
    row = source.table[0]
    assert (row["due_ns"], row["latency_us"], row["lag_100us"], row["status"]) == (10**18, 250_000, 30, 200)
    assert source.files[0].contents == {1: "hello"}
    assert source.files[0].about
    assert source.files[0].about["samples"] == 1
    assert source.rate == 50


def test_samples_are_those_that_were_there_when_their_file_was_opened(tmp_path: Path) -> None:
    """They are mapped, not read: what is written later is not among them, and what is gone is missed, not made up."""
    path = tmp_path / "load-1.samples"
    records = [RECORD.pack(due_ns, 1, 0, 200, 0, 0, 0) for due_ns in (3, 1, 2)]
    path.write_bytes(b"".join(records) + records[0][:7])
    (tmp_path / "load-1.json").write_text(json.dumps({"names": [], "samples": 3}), encoding="utf-8")
    file = SampleFile(path)
    assert file.table["due_ns"].tolist() == [3, 1, 2]
    assert file.damage() == ["load-1.samples ends with a torn record"]
    with path.open("ab") as growing:
        growing.write(records[0])
    assert len(file.table) == 3
    path.write_bytes(records[0])
    assert "load-1.samples holds 0 samples, its writer wrote 3" in file.damage()
    path.unlink()
    assert len(file.table) == len(SampleFile(path).table) == 0
    path.touch()
    assert len(SampleFile(path).table) == 0
