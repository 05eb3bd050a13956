"""What stands under the pointer: an unseen strip for each bin of a chart, with its numbers as a title.

The page's script shows them at the pointer or the arrow keys; without it a browser shows titles by itself.
"""

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from reports.evidence.tables import Table, binned, degraded, failed, good
from reports.render.formats import count, milliseconds
from reports.render.frame import Frame
from reports.words import tell, translated

__all__ = ["readings"]


def readings(
    frame: Frame, table: Table, edges: NDArray[np.float64], box: tuple[float, float], title: str = ""
) -> list[Markup]:
    """A strip for each bin in which there were requests; `box` is its top and its height."""
    outcomes = [(translated("good"), good), (translated("degraded"), degraded), (translated("failed"), failed)]
    parts = []
    for row, inside in binned(table, edges):
        told = [f"{name}: {count(int(many))}" for name, are in outcomes if (many := are(inside).sum())]
        latency = np.sort(inside["latency_us"]) / 1e3
        told += [f"{name}: {milliseconds(value)}" for name, value in _latencies(latency)]
        text = "\n".join([str(tell(title)), *told] if title else told)
        parts.append(frame.span((edges[row], edges[row + 1]), box, "readout", text))
    return parts


def _latencies(latency: NDArray[np.float64]) -> list[tuple[str, float]]:
    """Median, p95, p99 and slowest of a bin, as far as it has requests enough to tell them apart."""
    found = []
    for name, percent, enough in ((translated("median"), 50, 2), ("p95", 95, 20), ("p99", 99, 100)):
        if len(latency) >= enough:
            found.append((name, float(np.percentile(latency, percent, method="inverted_cdf"))))
    return [*found, (translated("slowest"), float(latency[-1]))]
