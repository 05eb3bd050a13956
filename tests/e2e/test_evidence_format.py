"""The schema of the evidence says what runs write, and would notice if they wrote something else."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from documented import ROOT, fences
from evidence_format import complaints, document, schema, violations
from harness import Run
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.embedded

EVIDENCE = ROOT / "docs" / "evidence.md"
ANYTHING = {"value", "tolerance", "configuration", "attributes", "arguments", "journal.json", "experiment.json"}
"""Keys whose value is somebody else's to choose, with all that is below them."""

OPTIONAL = {
    *(("faults.jsonl", key) for key in ("loop", "selection", "for_seconds", "number", "exit_code", "by", "again")),
    *(("events.jsonl", key) for key in ("node", "task")),
    *(("instances.jsonl", key) for key in ("node", "task", "replaces", "ended_as")),
    *(("verdict.json", key) for key in ("loop", "detail", "number", "exit_code")),
    *(("run.json", key) for key in ("ended_wall_ns", "ended_monotonic_ns")),
    *(("samples", key) for key in ("samples", "failed", "arrivals")),
}
"""What a line may lack; `samples` stands for each of the writers there."""

Path_ = tuple[str | int, ...]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_a_real_run_is_as_the_schema_says_and_has_a_file_of_most_kinds(killed: Run) -> None:
    assert killed.directory
    assert complaints(killed.directory) == []
    kinds = {"events.jsonl", "instances.jsonl", "faults.jsonl", "breakers.jsonl", "activities.jsonl"}
    kinds |= {"fulfilments.jsonl", "orders.jsonl", "spans.jsonl", "verdict.json", "manifest.json", "heal.json"}
    assert kinds <= set(document(killed.directory))


def test_whatever_is_spoiled_is_noticed(killed: Run) -> None:
    """Each field of each kind of line: taken away, of another type, or beside one that nobody knows."""
    assert killed.directory
    whole = document(killed.directory)
    unnoticed, spoiled = [], 0
    for name, content in whole.items():
        if name in ANYTHING:
            continue
        kind = "samples" if name.startswith("samples/") else name
        for where, bad in spoils(kind, first_of_each(content)):
            spoiled += 1
            if not violations({"run.json": whole["run.json"], name: bad}):
                unnoticed.append(f"{name}: {where}")
    assert spoiled > 400
    assert unnoticed == []


def test_a_spoiled_file_is_named(killed: Run, tmp_path: Path) -> None:
    assert killed.directory
    (tmp_path / "run.json").write_bytes((killed.directory / "run.json").read_bytes())
    (tmp_path / "events.jsonl").write_text(json.dumps({"at_ns": "soon"}) + "\n")
    found = "\n".join(complaints(tmp_path))
    assert "events.jsonl/0" in found
    assert "'service' is a required property" in found


def test_the_lines_in_the_documentation_do_it(killed: Run, tmp_path: Path) -> None:
    assert killed.directory
    (code,) = [block for language, block in fences(EVIDENCE.read_text(encoding="utf-8")) if language == "python"]
    (tmp_path / "held.py").write_text(code.replace("reports/runs/latest", str(killed.directory)))
    subprocess.run([sys.executable, tmp_path / "held.py"], check=True, timeout=60)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "held.py").write_text(code.replace("reports/runs/latest", str(tmp_path)))
    spoiled = subprocess.run([sys.executable, tmp_path / "held.py"], check=False, capture_output=True, timeout=60)
    assert b"'format' is a required property" in spoiled.stderr


def first_of_each(content: Any) -> Any:
    """The content with one line of each file and one element of each list."""
    if isinstance(content, dict):
        return {key: first_of_each(value) for key, value in content.items()}
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return [first_of_each(content[0])]
    return content


def spoils(name: str, content: Any) -> Iterator[tuple[str, Any]]:
    """The content with one thing wrong, again and again, and what it is."""
    for path in objects(content):
        by_name = bool(path) and path[-1] in {"versions", "files"}  # keys are names of packages, or of files
        for key in at(content, path):
            if key in ANYTHING:
                continue
            other = copy.deepcopy(content)
            at(other, path)[key] = {"spoiled": [1]}
            yield f"{path} {key} is something else", other
            if not by_name and (name, key) not in OPTIONAL:
                without = copy.deepcopy(content)
                del at(without, path)[key]
                yield f"{path} {key} is missing", without
        if not by_name:
            more = copy.deepcopy(content)
            at(more, path)["nobody_knows"] = 1
            yield f"{path} has something more", more


def objects(content: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where there is an object; of a list its first element stands for all."""
    if isinstance(content, list) and content:
        yield from objects(content[0], (*path, 0))
    elif isinstance(content, dict):
        yield path
        for key, value in content.items():
            if key not in ANYTHING:
                yield from objects(value, (*path, key))


def at(content: Any, path: Path_) -> Any:
    for step in path:
        content = content[step]
    return content
