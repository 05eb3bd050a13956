"""`python -m benchmarks [NAME ...]`: every comparison, as a table; all of them together become RESULTS.md.

Exit code 1 where an aim was not met or a comparison could not be made.
"""

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.machine import described
from benchmarks.table import Row

RESULTS = Path(__file__).parent / "RESULTS.md"
COLUMNS = ("What", "Against", "Ours", "Theirs", "Ratio", "Aim", "Met")


def modules() -> list[str]:
    """Names of the modules that can be in this package; those without `measure` are helpers."""
    return sorted(found.name for found in pkgutil.iter_modules(benchmarks.__path__) if not found.name.startswith("_"))


def measured(names: list[str], console: Console) -> Iterator[Row]:
    """The rows of each module; one that breaks gives a row that says so."""
    for name in names:
        try:
            measure = getattr(importlib.import_module(f"benchmarks.{name}"), "measure", None)
            if measure is not None:
                console.print(f"[dim]measuring {name} …[/dim]")
                yield from measure()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the others are measured all the same
            traceback.print_exc()
            said = f"not measured: {type(error).__name__}: {error}".replace("\n", " ")[:200]
            yield Row(name, said, float("nan"), None, "", "", met=False)


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
    theirs = "" if row.theirs is None else number(row.theirs, row.unit)
    met = {True: "yes", False: "no", None: ""}[row.met]
    return (row.what, row.against, number(row.ours, row.unit), theirs, ratio, row.aim, met)


def number(value: float, unit: str) -> str:
    """Three digits that count, and the unit."""
    if value != value:  # noqa: PLR0124 - not a number: it was not measured
        return "–"
    return f"{value:,.0f} {unit}".strip() if abs(value) >= 1000 else f"{value:.3g} {unit}".strip()  # noqa: PLR2004


def markdown(rows: list[Row], machine: dict[str, str]) -> str:
    """The table as it is kept."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `make benchmarks`: each comparison side by side in one run. Ratios travel between machines, absolute",
        f"figures do not. Measured on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "; ".join(f"{key} {value}" for key, value in machine.items()) + ".",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
        *("| " + " | ".join(cell.replace("|", "/") for cell in cells(row)) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def main(wanted: list[str]) -> int:
    """Measure, show, keep."""
    console, there = Console(), modules()
    unknown = [name for name in wanted if name not in there]
    if unknown:
        console.print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(there)}")
        return 2
    machine = described()
    rows = list(measured(wanted or there, console))
    table = Table(*COLUMNS, title="; ".join(f"{key} {value}" for key, value in machine.items()))
    for row in rows:
        table.add_row(*cells(row), style="red" if row.met is False else None)
    console.print(table)
    if not wanted:
        RESULTS.write_text(markdown(rows, machine), encoding="utf-8")
        console.print(f"Kept in {RESULTS.relative_to(Path(__file__).parents[1])}")
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
