"""A row of the table of benchmarks."""

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One comparison, measured side by side in one run."""

    what: str
    against: str
    ours: float
    theirs: float | None
    """None: it is held against a fixed aim."""
    unit: str
    aim: str
    """In words: a ratio, or a difference."""
    met: bool | None
    """None: there is nothing to meet, or it could not be told."""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.ours / self.theirs if self.theirs else None
