"""Makes the Grafana dashboard *HA status, live* from Grafana's own types: `python stack/monitoring/dashboard.py`.

Needs the package grafana-foundation-sdk. The result is kept beside this file; a test says when it is stale.
"""

import json
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode

RESULT = Path(__file__).parent / "grafana" / "dashboards" / "ha-status.json"
SOURCE = models.DataSourceRef(type_val="prometheus", uid="prometheus")
OWN = models.DataSourceRef(type_val="grafana", uid="-- Grafana --")
SHOP = 'service="storefront", route=~"/api/.*"'
GOOD, BAD, MEANWHILE, NONE = "green", "red", "orange", "text"

Query = tuple[str, str]
"""PromQL and legend."""


def requests(selector: str) -> str:
    """Requests of the shop a second; 0 rather than nothing where there were none."""
    return f"sum(rate(http_requests_total{{{SHOP}, {selector}}}[5s])) or vector(0)"


def latency(quantile: float) -> str:
    """A percentile of the shop's answers over ten seconds."""
    return f"histogram_quantile({quantile}, sum by (le) (rate(http_request_seconds_bucket{{{SHOP}}}[10s])))"


def tiles(title: str, query: Query, words: dict[str, tuple[str, str]], width: int) -> stat.Panel:
    """Big tiles, one a series, coloured by value."""
    results = {
        value: models.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(words.items())
    }
    panel = (
        stat.Panel()
        .title(title)
        .height(5)
        .span(width)
        .datasource(SOURCE)
        .mappings([models.ValueMap(results)])
        .thresholds(steps((None, GOOD), (1, MEANWHILE)) if title.startswith("Restarts") else steps((None, NONE)))
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
    )
    return panel.with_target(target(query).instant())


def lines(title: str, queries: list[Query], unit: str, width: int, colors: dict[str, str]) -> timeseries.Panel:
    """Lines over time."""
    panel = timeseries.Panel().title(title).height(8).span(width).datasource(SOURCE).unit(unit).min(0).fill_opacity(12)
    for number, query in enumerate(queries):
        panel.with_target(target(query).ref_id(chr(ord("A") + number)))
    for name, color in colors.items():
        panel.override_by_name(
            name, [models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})]
        )
    return panel


def target(query: Query) -> prometheus.Dataquery:
    """One query."""
    return prometheus.Dataquery().expr(query[0]).legend_format(query[1]).datasource(SOURCE)


def steps(*given: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from values on."""
    return dashboard.ThresholdsConfig().steps([models.Threshold(value=value, color=color) for value, color in given])


def breakers() -> statetimeline.Panel:
    """What each breaker was when."""
    words = {"0": ("closed", GOOD), "1": ("half-open", MEANWHILE), "2": ("OPEN", BAD), "-1": ("disabled", NONE)}
    results = {value: models.ValueMappingResult(text=text, color=color) for value, (text, color) in words.items()}
    panel = statetimeline.Panel().title("Circuit breakers over time").height(6).span(12).datasource(SOURCE)
    panel.mappings([models.ValueMap(results)]).thresholds(steps((None, NONE)))
    return panel.with_target(target(("max by (breaker) (breaker_state)", "{{breaker}}")))


def build() -> models.Dashboard:
    """The dashboard."""
    states = {"0": ("closed", GOOD), "1": ("half-open", MEANWHILE), "2": ("OPEN", BAD), "-1": ("disabled", NONE)}
    connected = {"1": ("connected", GOOD), "0": ("AWAY", BAD)}
    restarts = 'changes(process_start_time_seconds{job="stehauf"}[10m])'
    errors = (
        'sum by (service) (rate(http_requests_total{status=~"5.."}[5s])) or 0 * max by (service) (up{job="stehauf"})'
    )
    made = (
        dashboard.Dashboard("HA status, live")
        .uid("stehauf-ha-status")
        .description("Whether each service is up, what users get, and when an experiment broke something")
        .tags(["stehauf"])
        .time("now-5m", "now")
        .refresh("1s")
        .timepicker(dashboard.TimePicker().refresh_intervals(["1s", "5s", "30s"]))
        .annotation(annotation("experiments", OWN, "red"))
        .annotation(annotation("starts of services", SOURCE, "blue"))
        .with_panel(
            tiles("Up, by service", ('up{job="stehauf"}', "{{service}}"), {"1": ("UP", GOOD), "0": ("DOWN", BAD)}, 9)
        )
        .with_panel(tiles("Restarts in ten minutes, by service", (restarts, "{{service}}"), {}, 6))
        .with_panel(tiles("Circuit breakers", ("max by (breaker) (breaker_state)", "{{breaker}}"), states, 5))
        .with_panel(tiles("Broker, as the services see it", ("min(broker_connected)", "broker"), connected, 4))
        .with_panel(
            lines(
                "Requests of the shop a second, by outcome",
                [
                    (requests('status=~"[23]..", degraded="false"'), "good"),
                    (requests('status=~"[23]..", degraded="true"'), "degraded"),
                    (requests('status=~"5.."'), "failed"),
                ],
                "reqps",
                12,
                {"good": GOOD, "degraded": MEANWHILE, "failed": BAD},
            )
        )
        .with_panel(
            lines(
                "Latency of the shop: p50, p95, p99",
                [(latency(0.5), "p50"), (latency(0.95), "p95"), (latency(0.99), "p99")],
                "s",
                12,
                {},
            )
        )
        .with_panel(
            lines(
                "Orders a second: accepted against fulfilled",
                [
                    ('sum(rate(orders_total{outcome="accepted"}[10s])) or vector(0)', "accepted"),
                    ('sum(rate(shop_orders_total{state="queued"}[10s])) or vector(0)', "queued"),
                    ("sum(rate(fulfilments_total[10s])) or vector(0)", "fulfilled"),
                ],
                "short",
                12,
                {"queued": MEANWHILE},
            )
        )
        .with_panel(lines("Errors a second, by service", [(errors, "{{service}}")], "reqps", 12, {}))
        .with_panel(breakers())
        .with_panel(
            lines(
                "Availability of the shop", [("shop:availability:ratio_rate5s", "availability")], "percentunit", 12, {}
            )
        )
    )
    return made.build()


def annotation(name: str, source: models.DataSourceRef, color: str) -> "Annotation":
    """What happened when: told to Grafana by the run, or seen in a metric."""
    if source is OWN:
        target = models.AnnotationTarget(limit=100, match_any=False, tags=["stehauf"], type_val="tags")
        return Annotation(models.AnnotationQuery(name=name, datasource=source, icon_color=color, target=target))
    started = 'time() - process_start_time_seconds{job="stehauf"} < 10'
    return Annotation(models.AnnotationQuery(name=name, datasource=source, icon_color=color, expr=started))


class Annotation:
    """Hands a finished query to the dashboard's builder."""

    def __init__(self, query: models.AnnotationQuery) -> None:
        self._query = query

    def build(self) -> models.AnnotationQuery:
        """The query."""
        return self._query


def as_text() -> str:
    """The dashboard as it is kept."""
    return json.dumps(build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    RESULT.write_text(as_text(), encoding="utf-8")
