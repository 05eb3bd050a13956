"""Evidence of a million requests, and of an hour at a thousand a second: seconds and memory until verdict and report.

    python benchmarks/report.py

The evidence is the passing run of the tests, made longer: load at 1,000 requests a second, the canaries at 50. Each
is judged and rendered by a process of its own, as `chaos evidence render` and the end of a run do it.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.table import Row
from reports.evidence.tables import TABLE

__all__ = ["build", "measure"]

TESTS = Path(__file__).parents[1] / "tests" / "reports"
RATE = 1000
MB = 1_000_000
MOST_S, MOST_MB, MOST_REPORT_MB = 5.0, 500.0, 1.5
JUDGE = "import sys; from reports.verdict import write; sys.exit(str(write(sys.argv[1]).verdict) != 'PASS')"


def measure() -> list[Row]:
    """A million requests against the aim, and 3.6 million for the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return [row for count in (1_000_000, 3_600_000) for row in _rows(Path(folder) / str(count), count)]


def _rows(directory: Path, count: int) -> list[Row]:
    pid = os.fork()  # what builds the evidence sets the tests' times to its own: not in this process
    if pid == 0:
        build(directory, count)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"the evidence of {count} requests could not be built in {directory}")
    seconds, memory_mb = _judged(directory)
    report_mb = (directory / "report.html").stat().st_size / MB
    what, aimed = f"evidence of {count:,} requests → verdict and report", count == 1_000_000  # noqa: PLR2004
    figures = (
        ("time", seconds, "s", MOST_S),
        ("memory", memory_mb, "MB", MOST_MB),
        ("size of the report", report_mb, "MB", MOST_REPORT_MB),
    )
    return [
        Row(
            f"{what}: {name}", "–", round(value, 2), None, unit,
            f"≤ {most:g} {unit}" if aimed else "", value <= most if aimed else None,
        )
        for name, value, unit, most in figures
    ]  # fmt: skip


def _judged(directory: Path) -> tuple[float, float]:
    """Seconds and megabytes that a process takes to judge and render; raises RuntimeError unless it is a PASS."""
    began = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", JUDGE, str(directory)], os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    if status != 0:
        reasons = json.loads((directory / "verdict.json").read_text(encoding="utf-8"))["reasons"]
        raise RuntimeError(f"the run in {directory} did not pass: {reasons}")
    return seconds, usage.ru_maxrss * 1024 / MB


def build(directory: Path, count: int) -> None:
    """Write a passing run with so many requests of the load."""
    sys.path.insert(0, str(TESTS))
    import evidence_parts  # noqa: PLC0415 - its end is set before the builder reads it

    evidence_parts.END = evidence_parts.BEGIN + count * evidence_parts.S // RATE
    import evidence_builder  # noqa: PLC0415

    run = evidence_builder.Run()
    run.write(directory)
    _load(directory / "samples", count, evidence_parts)


def _load(samples: Path, count: int, parts: object) -> None:
    """Replace the load's samples: in the order of the answers, slow while the breaker is closed, then degraded."""
    begin, died, opened, closed = (getattr(parts, name) for name in ("BEGIN", "DIED", "OPENED", "CLOSED"))
    dice = np.random.default_rng(1)
    table = np.zeros(count, TABLE)
    table["due_ns"] = begin + np.arange(count) * 10**9 // RATE
    away = (table["due_ns"] >= died) & (table["due_ns"] < closed - 30_000_000)
    slow = away & (table["due_ns"] < opened)
    table["latency_us"] = np.where(slow, 60_000, dice.lognormal(1.6, 0.5, count) * 1000)
    table["status"], table["flags"], table["lag_100us"] = 200, np.where(away, 1, 0), 3
    order = np.argsort(table["due_ns"] // 1000 + table["latency_us"], kind="stable")
    table[order].tofile(samples / "load-22.samples")
    about = samples / "load-22.json"
    told = {**json.loads(about.read_text(encoding="utf-8")), "samples": count, "rate": RATE, "share": [0, 1]}
    about.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    for row in measure():
        print(row)
