"""A row of the table of benchmarks."""

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass
class Row:
    """One comparison, measured side by side in one run."""

    what: str
    against: str
    ours: float
    theirs: float | None
    unit: str
    aim: str
    met: bool | None
    """None: there is nothing to meet."""
