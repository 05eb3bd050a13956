"""What the title of each panel promises of its series, after what happened in `happened`."""

import time
from collections.abc import Callable

from harness import Bench
from watching import Prometheus, Series, crash, eventually, is_listening, suspended

__all__ = ["PROMISES", "Panel", "happened"]

WEB = {"storefront", "product", "order", "fulfilment"}

Panel = dict[str, Series]
"""Series by the legend of their query, and by label."""


def happened(bench: Bench, one: Prometheus) -> None:
    """Calm; product hangs, crashes, comes back; order crashes while people order; the broker hangs, and comes back."""
    eventually(lambda: (one.now("sum(fulfilments_total)") or {"": 0.0})[""] > 5)
    time.sleep(6)  # whole windows of calm, for the figures before
    port = int(bench.environment["PRODUCT_PORT"])
    with suspended(port):  # a crash alone may be over before three calls have failed
        eventually(lambda: one.now("max by (breaker) (breaker_state)")["product"] > 0)
    crash(port)
    eventually(lambda: is_listening(port))
    eventually(lambda: one.now("max by (breaker) (breaker_state)")["product"] == 0)
    crash(int(bench.environment["ORDER_PORT"]))
    eventually(lambda: one.now("sum(shop_orders_total{state='queued'})")[""] > 0)
    eventually(lambda: sum(one.now('up{job="stehauf"}').values()) == 4)
    with suspended(int(bench.environment["BROKER_PORT"])):
        eventually(lambda: one.now("min(broker_connected)")[""] == 0)
        eventually(lambda: one.now("sum(rate(http_requests_total{status=~'5..',service='storefront'}[5s]))")[""] > 0)
    eventually(lambda: one.now("min(broker_connected)")[""] == 1)
    eventually(lambda: set(one.now("max by (breaker) (breaker_state)").values()) == {0})
    before = one.now("sum(fulfilments_total)")[""]
    eventually(lambda: one.now("sum(fulfilments_total)")[""] > before + 5)
    time.sleep(12)  # whole windows of calm, for the figures after


def up(panel: Panel) -> None:
    (series,) = panel.values()
    assert set(series) == WEB
    assert all(points[-1][1] == 1 for points in series.values())


def restarts(panel: Panel) -> None:
    (series,) = panel.values()
    counted = {name: points[-1][1] for name, points in series.items()}
    assert counted == {"storefront": 0, "product": 1, "order": 1, "fulfilment": 0}


def breakers(panel: Panel) -> None:
    (series,) = panel.values()
    assert set(series) == {"product", "order"}
    states = [value for _, value in series["product"]]
    assert (states[0], max(states), states[-1]) == (0, 2, 0)


def broker(panel: Panel) -> None:
    states = line(panel, "broker")
    assert (states[0], min(states), states[-1]) == (1, 0, 1)


def outcomes(panel: Panel) -> None:
    assert set(panel) == {"good", "degraded", "failed"}
    good, degraded, failed = (line(panel, name) for name in ("good", "degraded", "failed"))
    assert good[-1] > 5
    assert degraded[-1] == failed[-1] == 0
    assert max(degraded) > 1, "product was away"
    assert max(failed) > 0, "no order could be stored"


def latency(panel: Panel) -> None:
    p50, p95, p99 = (line(panel, name)[-1] for name in ("p50", "p95", "p99"))
    assert 0 < p50 <= p95 <= p99 <= 2.5, "seconds"


def orders(panel: Panel) -> None:
    assert line(panel, "accepted")[-1] > 1
    assert line(panel, "fulfilled")[-1] > 1
    assert max(line(panel, "queued")) > 0


def errors(panel: Panel) -> None:
    (series,) = panel.values()
    assert set(series) == WEB, "a line for each, even where there were none"
    assert max(value for _, value in series["storefront"]) > 0
    assert max(value for _, value in series["product"]) == 0


def availability(panel: Panel) -> None:
    shares = line(panel, "availability")
    assert 0 <= min(shares) < 1
    assert shares[0] == shares[-1] == 1


def starts(panel: Panel) -> None:
    (series,) = panel.values()
    assert set(series) >= {"product", "order"}


def line(panel: Panel, legend: str) -> list[float]:
    """The one line with a fixed legend."""
    (points,) = panel[legend].values()
    return [value for _, value in points]


PROMISES: dict[str, Callable[[Panel], None]] = {
    "Up, by service": up,
    "Restarts in ten minutes, by service": restarts,
    "Circuit breakers": breakers,
    "Circuit breakers over time": breakers,
    "Broker, as the services see it": broker,
    "Requests of the shop a second, by outcome": outcomes,
    "Latency of the shop: p50, p95, p99": latency,
    "Orders a second: accepted against fulfilled": orders,
    "Errors a second, by service": errors,
    "Availability of the shop": availability,
    "starts of services": starts,
}
