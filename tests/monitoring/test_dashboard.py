"""Every panel of the dashboard shows what its title promises, asked of a real Prometheus on the real stack."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from harness import Bench
from promises import PROMISES, Panel, happened
from watching import MONITORING, Prometheus, panels, prometheus, shopping

NAME = re.compile(r'"[^"]*"|\b(?:up|[a-z0-9]+(?:[_:][a-z0-9]+)+)\b(?!\()')
"""What can be misspelt in PromQL: the name of a metric, the value of a label."""


@dataclass(frozen=True)
class Recording:
    """What Prometheus saw of a minute in which the stack was broken in three places."""

    prometheus: Prometheus
    begin: float
    end: float

    def panel(self, queries: list[tuple[str, str]]) -> Panel:
        """Series of queries, given with their legends."""
        return {legend: self.prometheus.over(query, self.begin, self.end) for legend, query in queries}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    folder = tmp_path_factory.mktemp("monitoring")
    bench = Bench("embedded", folder / "bench", environment={"BREAKER_RESET_S": "3"})
    with bench.up(), prometheus(bench, folder) as one, shopping(bench.shop):
        begin = time.time()
        try:
            happened(bench, one)
        except AssertionError as error:
            error.add_note(f"up: {one.now('up')}; {requests.get(f'{bench.shop}/breakers', timeout=5).text}")
            raise
        yield Recording(one, begin, time.time())


def misspelt(query: str) -> Iterator[str]:
    """The query with each of its names misspelt in turn."""
    for found in NAME.finditer(query):
        wrong = f'{found[0][:-1]}x"' if found[0].endswith('"') else f"{found[0]}x"
        yield query[: found.start()] + wrong + query[found.end() :]


def is_kept(title: str, panel: Panel) -> bool:
    """Whether the panel keeps the promise of a title."""
    try:
        PROMISES[title](panel)
    except (AssertionError, KeyError, ValueError, IndexError):
        return False
    return True


pytestmark = [pytest.mark.prometheus]


def test_every_panel_has_a_promise_to_keep() -> None:
    assert sorted(panels()) == sorted(PROMISES)


def test_every_metric_and_every_label_is_misspelt_once() -> None:
    query = 'sum by (le) (rate(a_total{b="c", d=~"5.."}[5s])) or 0 * max(up{j="s"}) or vector(0) or x:y'
    assert list(misspelt(query)) == [
        'sum by (le) (rate(a_totalx{b="c", d=~"5.."}[5s])) or 0 * max(up{j="s"}) or vector(0) or x:y',
        'sum by (le) (rate(a_total{b="cx", d=~"5.."}[5s])) or 0 * max(up{j="s"}) or vector(0) or x:y',
        'sum by (le) (rate(a_total{b="c", d=~"5..x"}[5s])) or 0 * max(up{j="s"}) or vector(0) or x:y',
        'sum by (le) (rate(a_total{b="c", d=~"5.."}[5s])) or 0 * max(upx{j="s"}) or vector(0) or x:y',
        'sum by (le) (rate(a_total{b="c", d=~"5.."}[5s])) or 0 * max(up{j="sx"}) or vector(0) or x:y',
        'sum by (le) (rate(a_total{b="c", d=~"5.."}[5s])) or 0 * max(up{j="s"}) or vector(0) or x:yx',
    ]  # fmt: skip


@pytest.mark.embedded
class TestPanels:
    """One recording, which every test asks."""

    @pytest.mark.parametrize("title", PROMISES)
    def test_it_shows_what_its_title_promises(self, recording: Recording, title: str) -> None:
        PROMISES[title](recording.panel(panels()[title]))

    @pytest.mark.parametrize("title", PROMISES)
    def test_misspelt_anywhere_it_would_not(self, recording: Recording, title: str) -> None:
        """A misspelt metric is no error in PromQL, and beside an `or vector(0)` not even an empty panel."""
        queries = panels()[title]
        tried = 0
        for number, (legend, query) in enumerate(queries):
            for wrong in misspelt(query):
                tried += 1
                panel = recording.panel([*queries[:number], (legend, wrong), *queries[number + 1 :]])
                assert not is_kept(title, panel), f"nobody would notice {wrong}"
        assert tried

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
