"""What has been fulfilled, on disk: an order is in it once, however often it comes."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fulfilment", "Ledger"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fulfilments (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at_ns INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS fulfilments_at ON fulfilments (at_ns);
"""
_ONCE = "CREATE UNIQUE INDEX IF NOT EXISTS fulfilments_id ON fulfilments (id)"
_CARELESS = "DROP INDEX IF EXISTS fulfilments_id"


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One fulfilment made."""

    id: str
    at_ns: int


class Ledger:
    """A SQLite file; each method is a transaction of its own. Not for several threads at once.

    `careless` is the defect DEFECT_NO_IDEMPOTENCY: an order is entered as often as it comes.
    """

    def __init__(self, path: Path, now_ns: Callable[[], int] = time.time_ns, *, careless: bool = False) -> None:
        self._now_ns = now_ns
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")  # on the disk before commit returns
        self._database.executescript(_SCHEMA)
        self._database.execute(_CARELESS if careless else _ONCE)

    def fulfil(self, ids: Iterable[str]) -> int:
        """Fulfil the orders that are not yet; returns how many, when they are on the disk."""
        before = self._database.total_changes
        rows = [(order_id, self._now_ns()) for order_id in ids]
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR IGNORE INTO fulfilments (id, at_ns) VALUES (?, ?)", rows)
        return self._database.total_changes - before

    def since(self, since_ns: int) -> list[Fulfilment]:
        """Every fulfilment made at `since_ns` or later, oldest first."""
        rows = self._database.execute("SELECT id, at_ns FROM fulfilments WHERE at_ns >= ? ORDER BY seq", (since_ns,))
        return [Fulfilment(*row) for row in rows]

    def find(self, order_id: str) -> Fulfilment | None:
        """The fulfilment of an order, or None."""
        row = self._database.execute("SELECT id, at_ns FROM fulfilments WHERE id = ?", (order_id,)).fetchone()
        return Fulfilment(*row) if row else None

    def close(self) -> None:
        """Close the file."""
        self._database.close()
