"""Every panel of the dashboard shows what its title promises, asked of a real Prometheus on the real stack."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import Bench
from watching import (
    DASHBOARD,
    MONITORING,
    Prometheus,
    Series,
    crash,
    eventually,
    is_listening,
    panels,
    prometheus,
    shopping,
)

WEB = {"storefront", "product", "order", "fulfilment"}


@dataclass(frozen=True)
class Recording:
    """What Prometheus saw of a minute in which product crashed and came back."""

    prometheus: Prometheus
    begin: float
    end: float

    def series(self, title: str) -> dict[str, Series]:
        """Series of a panel, by legend and then by label."""
        return {legend: self.prometheus.over(query, self.begin, self.end) for legend, query in panels()[title]}

    def line(self, title: str, legend: str) -> list[float]:
        """The one line with a fixed legend."""
        (points,) = self.series(title)[legend].values()
        return [value for _, value in points]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folder = tmp_path_factory.mktemp("monitoring")
    bench = Bench("embedded", folder / "bench", environment={"BREAKER_RESET_S": "3"})
    with bench.up(), prometheus(bench, folder) as one, shopping(bench.shop):
        begin = time.time()
        eventually(lambda: (one.now("sum(fulfilments_total)") or {"": 0.0})[""] > 5)
        time.sleep(6)  # whole windows of calm, for the figures before
        port = int(bench.environment["PRODUCT_PORT"])
        crash(port)
        eventually(lambda: one.now("max by (breaker) (breaker_state)")["product"] > 0)
        eventually(lambda: is_listening(port) and one.now("max by (breaker) (breaker_state)")["product"] == 0)
        crash(int(bench.environment["ORDER_PORT"]))
        eventually(lambda: one.now("sum(shop_orders_total{state='queued'})")[""] > 0)
        eventually(lambda: sum(one.now('up{job="stehauf"}').values()) == 4)
        eventually(lambda: set(one.now("max by (breaker) (breaker_state)").values()) == {0})
        time.sleep(8)  # and after
        yield Recording(one, begin, time.time())


pytestmark = [pytest.mark.prometheus]


@pytest.mark.embedded
class TestPanels:
    """Module-wide, so that the stack comes up once."""

    def test_no_panel_is_without_a_test(self) -> None:
        assert sorted(panels()) == sorted([
            "Up, by service", "Restarts in ten minutes, by service", "Circuit breakers",
            "Broker, as the services see it", "Requests of the shop a second, by outcome",
            "Latency of the shop: p50, p95, p99", "Orders a second: accepted against fulfilled",
            "Errors a second, by service", "Circuit breakers over time", "Availability of the shop",
        ])  # fmt: skip

    def test_each_query_gives_series(self, recording: Recording) -> None:
        for title, queries in panels().items():
            for legend, query in queries:
                found = recording.prometheus.over(query, recording.begin, recording.end)
                assert found, f"{title}, {legend}: nothing from {query}"

    def test_up_has_each_service(self, recording: Recording) -> None:
        (series,) = recording.series("Up, by service").values()
        assert set(series) == WEB
        assert all(points[-1][1] == 1 for points in series.values())

    def test_restarts_are_counted_where_they_were(self, recording: Recording) -> None:
        (series,) = recording.series("Restarts in ten minutes, by service").values()
        assert {name: points[-1][1] for name, points in series.items()} == {
            "storefront": 0, "product": 1, "order": 1, "fulfilment": 0,
        }  # fmt: skip

    @pytest.mark.parametrize("title", ["Circuit breakers", "Circuit breakers over time"])
    def test_a_breaker_opened_and_closed_again(self, recording: Recording, title: str) -> None:
        (series,) = recording.series(title).values()
        assert set(series) == {"product", "order"}
        states = [value for _, value in series["product"]]
        assert (states[0], max(states), states[-1]) == (0, 2, 0)

    def test_the_broker_was_there_all_the_time(self, recording: Recording) -> None:
        (series,) = recording.series("Broker, as the services see it").values()
        assert {value for points in series.values() for _, value in points[-3:]} == {1}

    def test_requests_went_on_degraded_meanwhile_and_none_failed(self, recording: Recording) -> None:
        good, degraded, failed = (
            recording.line("Requests of the shop a second, by outcome", legend)
            for legend in ("good", "degraded", "failed")
        )
        assert good[0] + max(good) > 5
        assert max(degraded) > 1
        assert degraded[-1] == 0
        assert max(failed) == 0

    def test_percentiles_are_in_order_and_in_seconds(self, recording: Recording) -> None:
        title = "Latency of the shop: p50, p95, p99"
        p50, p95, p99 = (recording.line(title, legend)[-1] for legend in ("p50", "p95", "p99"))
        assert 0 < p50 <= p95 <= p99 <= 2.5

    def test_orders_are_accepted_queued_and_fulfilled(self, recording: Recording) -> None:
        title = "Orders a second: accepted against fulfilled"
        assert recording.line(title, "accepted")[-1] > 1
        assert recording.line(title, "fulfilled")[-1] > 1
        assert max(recording.line(title, "queued")) > 0

    def test_errors_have_a_line_for_each_service_even_where_there_are_none(self, recording: Recording) -> None:
        (series,) = recording.series("Errors a second, by service").values()
        assert set(series) == WEB
        assert max(value for _, value in series["storefront"]) == 0

    def test_the_shop_was_available_all_the_time(self, recording: Recording) -> None:
        assert set(recording.line("Availability of the shop", "availability")) == {1.0}

    def test_starts_of_services_are_annotated(self, recording: Recording) -> None:
        (query,) = [one["expr"] for one in DASHBOARD["annotations"]["list"] if "expr" in one]
        assert set(recording.prometheus.over(query, recording.begin, recording.end)) >= {"product", "order"}

    def test_a_restart_and_an_open_breaker_raise_their_alerts(self, recording: Recording) -> None:
        fired = recording.prometheus.over("ALERTS{alertstate='firing'}", recording.begin, recording.end)
        assert {"product", "order"} <= set(fired)


def test_configuration_and_rules_are_what_prometheus_reads() -> None:
    for what, name in (("config", "prometheus.yml"), ("rules", "rules.yml")):
        done = subprocess.run(
            ["promtool", "check", what, MONITORING / name], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_rules_say_what_they_promise() -> None:
    file = Path(__file__).with_name("rules.test.yml")
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_what_grafanas_own_types_make() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import dashboard; sys.stdout.write(dashboard.as_text())"
    done = subprocess.run([sys.executable, "-c", code, MONITORING], capture_output=True, text=True, check=True)
    kept = (MONITORING / "grafana/dashboards/ha-status.json").read_text(encoding="utf-8")
    assert done.stdout == kept, "run: python stack/monitoring/dashboard.py"


@pytest.mark.embedded
def test_a_broken_panel_would_be_noticed(recording: Recording) -> None:
    """A misspelt metric is a success with no series: that is what the tests above look for."""
    assert recording.prometheus.over("uq", recording.begin, recording.end) == {}
