"""Ways to spoil the evidence that a real run in a swarm left: each takes one thing away that the verdict rests on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Run

from reports.evidence.manifest import write_manifest
from reports.evidence.reader import Evidence
from reports.evidence.samples import CANCELLED_CALL, COPY, DEGRADED, RECORD
from reports.verdict import Verdict, judge

__all__ = ["SPOILS", "judged"]

Line = dict[str, Any]
Spoil = Callable[[Path], None]


def judged(run: Run, folder: Path, spoil: Spoil = lambda _: None) -> Verdict:
    """The verdict on a copy of the run's evidence, spoiled, as if it had been recorded so."""
    assert run.directory, run.output
    copy = Path(shutil.copytree(run.directory, folder / "copy"))
    (copy / "manifest.json").unlink()
    spoil(copy)
    write_manifest(copy)  # else it is the seal that notices
    return judge(Evidence(copy))


def lines(file: str, change: Callable[[list[Line]], list[Line]]) -> Spoil:
    """Change the lines of a file."""

    def spoil(run: Path) -> None:
        path = run / file
        found = change([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        path.write_text("".join(json.dumps(line) + "\n" for line in found), encoding="utf-8")

    return spoil


def each(file: str, chosen: Callable[[Line], bool], **changed: Any) -> Spoil:
    """Change some lines of a file."""
    return lines(file, lambda found: [{**line, **changed} if chosen(line) else line for line in found])


def reading(what: str, value: Any) -> Spoil:
    """Change what was read of a fault while it was on."""
    return each("readings.jsonl", lambda line: line["what"] == what and line["when"] == "during", value=value)


def answer(writer: str, status: int, flags: int) -> Spoil:
    """Change one answer in the middle of the run."""

    def spoil(run: Path) -> None:
        (path,) = (run / "samples").glob(f"{writer}-*.samples")
        data = bytearray(path.read_bytes())
        at = len(data) // RECORD.size // 2 * RECORD.size
        due, latency, lag, _, _, name, content = RECORD.unpack_from(data, at)
        RECORD.pack_into(data, at, due, latency, lag, status, flags, name, content)
        path.write_bytes(data)

    return spoil


def given_up(copies: slice, last_s: int = 3600) -> Spoil:
    """The last seconds of calls to some of the copies, in the order of their first call, were given up on."""

    def spoil(run: Path) -> None:
        (path,) = (run / "samples").glob("calls-1-*.samples")
        names = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["names"]
        chosen = [index for index, name in enumerate(names) if COPY in name][copies]
        rows = [list(row) for row in RECORD.iter_unpack(path.read_bytes())]
        since = max(row[0] for row in rows) - last_s * 10**9
        for row in rows:
            if row[5] in chosen and row[0] >= since:
                row[4] |= CANCELLED_CALL
        path.write_bytes(b"".join(RECORD.pack(*row) for row in rows))

    return spoil


def killed_by_hand(found: list[Line]) -> list[Line]:
    died = next(line for line in found if line["kind"] == "die")
    return [{**died, "kind": "kill", "signal": 9, "exit_code": None, "at_ns": died["at_ns"] - 10_000_000}, *found]


def forgotten(found: list[Line]) -> list[Line]:
    """Every fulfilled order but the first; the mark of completeness stays."""
    return found[1:]


def replaced(line: Line) -> bool:
    return bool(line["replaces"]) and line["service"] == "product" and line["when"] != "begin"


SPOILS: dict[str, tuple[str, Spoil, str, str]] = {
    "an operator's kill before it": (
        "crash-one-of-two",
        lines("events.jsonl", killed_by_hand),
        "INCONCLUSIVE",
        "an operator's kill, not a crash",
    ),
    "the manager says shutdown": (
        "crash-one-of-two",
        each("instances.jsonl", replaced, ended_as="shutdown"),
        "INCONCLUSIVE",
        "a crash ends as 'failed'",
    ),
    "the same task started again": (
        "crash-one-of-two",
        lines("events.jsonl", lambda found: [{**line, "task": found[0]["task"]} for line in found]),
        "INCONCLUSIVE",
        "what started was no new task",
    ),
    "one answer to a shopper degraded": (
        "crash-one-of-two", answer("load", 200, DEGRADED), "FAIL", "“degraded answers to shoppers”: observed 1",
    ),
    "one answer to the canary missing": (
        "crash-one-of-two", answer("canary-shop", 0, 2), "FAIL", "“failed requests of shoppers”: observed 1",
    ),
    "nobody finds the new copy": (
        "node-cut-off",
        given_up(slice(-1, None), last_s=4),
        "FAIL",
        "“copies of product that answer at the end”: observed 1 (at the time 2), claimed 2",
    ),
    "nobody had asked the other copy": (
        "crash-one-of-two",
        given_up(slice(1, None)),
        "FAIL",
        "“copies of product that answered before”: observed 1 (at the time 2), claimed 2",
    ),
    "an acknowledged order not fulfilled": (
        "crash-one-of-two", lines("fulfilments.jsonl", forgotten), "FAIL", "“acknowledged orders that were lost”",
    ),
    "the manager never missed the node": (
        "node-dies", reading("node_state", "ready"), "INCONCLUSIVE", "did not take the node",
    ),
    "the machine was on": ("node-dies", reading("machine", "running"), "INCONCLUSIVE", "was not off all"),
    "no packet dropped": ("node-cut-off", reading("packets", 0), "INCONCLUSIVE", "counted no packet"),
    "something ran on": ("node-drained", reading("running_there", 1), "INCONCLUSIVE", "went on running"),
    "an update that worked": (
        "bad-update", reading("update_state", "completed"), "INCONCLUSIVE", "did not say that the update failed",
    ),
}  # fmt: skip
