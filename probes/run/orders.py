"""Asks the system under test which orders it fulfilled, so that the ledger of those placed can be held against it."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from probes.run.breakers import Append

__all__ = ["OrderCollector", "OrderCount"]

_TIMEOUT_S = 5.0
REDELIVERY_S = 5.0
"""After a fault, what was on its way may be delivered once more: the list is not closed before that can be seen."""


@dataclass(frozen=True, slots=True)
class OrderCount:
    """How the orders stand."""

    waiting: int
    """Acknowledged, and not fulfilled yet."""
    duplicated: int
    """Fulfilled more than once."""
    unexpected: int
    """Fulfilled, and refused, or not known to have been placed: it may be in the midst of it."""


class OrderCollector:
    """Reads the list of fulfilments and appends each one that is new to `fulfilments.jsonl`."""

    def __init__(self, url: str, directory: Path, append: Append) -> None:
        self._url = url
        self._directory = directory
        self._append = append
        self._since_ns = time.time_ns()
        self._seen: dict[tuple[str, int], int] = {}

    def collect(self, before_ns: int | None = None) -> OrderCount:
        """Append what is new, and count how the orders stand that were placed, or fulfilled, before that time.

        Under load there is always an order on its way; those that came later than the question are not waited for.

        Raises requests.RequestException or ValueError where the endpoint does not answer as agreed.
        """
        # asked before the ledger is read: what was fulfilled by then was placed by then
        for order, times in self._fulfilled().items():
            for _ in range(times - self._seen.get(order, 0)):
                self._append("fulfilments.jsonl", {"id": order[0], "at_ns": order[1]})
            self._seen[order] = times
        until = time.time_ns() if before_ns is None else before_ns
        made = Counter(id_ for (id_, _), times in self._seen.items() for _ in range(times))
        early = {id_ for id_, at_ns in self._seen if at_ns < until}
        placed = list(self._placed())
        expected = {order["id"] for order in placed if order["outcome"] != "refused"}
        owed = {one["id"] for one in placed if one["outcome"] == "acknowledged" and one["at_ns"] < until}
        return OrderCount(
            waiting=len(owed - made.keys()),
            duplicated=sum(times > 1 for times in made.values()),
            unexpected=len(early - expected),
        )

    def finish(self, within: float = 15.0) -> None:
        """Wait until every acknowledged order is fulfilled, or `within` seconds; then close the list.

        Not before REDELIVERY_S after the last fault: an order that comes twice comes late.
        Raises as `collect` does, when the endpoint did not answer the last time that it was asked.
        """
        deadline = time.monotonic() + within
        settled_ns = self._last_fault_ns() + int(REDELIVERY_S * 1e9)
        while True:
            late = time.monotonic() > deadline
            settled = time.time_ns() >= settled_ns
            try:
                if (self.collect().waiting == 0 and settled) or late:
                    break
            except (requests.RequestException, ValueError):
                if late:
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

    def _placed(self) -> Iterator[dict[str, Any]]:
        """Every order that the load or the experiment placed so far."""
        for path in (*(self._directory / "samples").glob("orders-*.jsonl"), self._directory / "orders.jsonl"):
            yield from _lines(path)

    def _last_fault_ns(self) -> int:
        return max((line["at_ns"] for line in _lines(self._directory / "faults.jsonl")), default=0)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the line that is being written now
