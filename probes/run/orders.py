"""Asks the system under test which orders it fulfilled, so that the load's ledger can be held against it."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from probes.run.breakers import Append

__all__ = ["OrderCollector", "OrderCount"]

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class OrderCount:
    """How the orders stand."""

    waiting: int
    """Acknowledged, and not fulfilled yet."""
    duplicated: int
    """Fulfilled more than once."""


class OrderCollector:
    """Reads the list of fulfilments and appends each one that is new to `fulfilments.jsonl`."""

    def __init__(self, url: str, directory: Path, append: Append) -> None:
        self._url = url
        self._directory = directory
        self._append = append
        self._since_ns = time.time_ns()
        self._seen: dict[tuple[str, int], int] = {}

    def collect(self) -> OrderCount:
        """Append what is new.

        Raises requests.RequestException or ValueError where the endpoint does not answer as agreed.
        """
        waiting = self._acknowledged()
        for order, times in self._fulfilled().items():
            waiting.discard(order[0])
            for _ in range(times - self._seen.get(order, 0)):
                self._append("fulfilments.jsonl", {"id": order[0], "at_ns": order[1]})
            self._seen[order] = times
        times_made = Counter(id_ for (id_, _), times in self._seen.items() for _ in range(times))
        return OrderCount(len(waiting), sum(times > 1 for times in times_made.values()))

    def finish(self, within: float = 15.0) -> None:
        """Wait until every acknowledged order is fulfilled, or `within` seconds; then close the list.

        Raises as `collect` does, when the endpoint did not answer the last time that it was asked.
        """
        deadline = time.monotonic() + within
        while True:
            try:
                if self.collect().waiting == 0 or time.monotonic() > deadline:
                    break
            except (requests.RequestException, ValueError):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)
        self._append("fulfilments.jsonl", {"complete": True})

    def _fulfilled(self) -> Mapping[tuple[str, int], int]:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(self._url, params={"since_ns": self._since_ns}, timeout=_TIMEOUT_S)
            answer.raise_for_status()
            body: Any = answer.json()
        try:
            return Counter((str(made["id"]), int(made["at_ns"])) for made in body["fulfilments"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{self._url} does not list fulfilments: {error!r}") from error

    def _acknowledged(self) -> set[str]:
        orders: set[str] = set()
        for path in (self._directory / "samples").glob("orders-*.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    order = json.loads(line)
                except ValueError:
                    continue  # the line that is being written now
                if order["outcome"] == "acknowledged":
                    orders.add(order["id"])
        return orders
