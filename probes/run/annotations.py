"""Tells a Grafana when an experiment began and ended: where one is configured, and never at the run's expense."""

import logging
import time

import requests

__all__ = ["Annotations"]

logger = logging.getLogger("chaostoolkit")

_TIMEOUT_S = 1.0
_TAGS = ("stehauf", "experiment")


class Annotations:
    """Writes marks into Grafana; without a URL it does nothing. A Grafana that is away is a warning, said once."""

    def __init__(self, grafana: str | None, title: str) -> None:
        self._grafana = grafana
        self._title = title

    def began(self) -> None:
        """The load is on, and the experiment begins."""
        self._mark("begins")

    def ended(self) -> None:
        """The experiment is over."""
        self._mark("ends")

    def _mark(self, what: str) -> None:
        if not self._grafana:
            return
        mark = {"time": time.time_ns() // 1_000_000, "tags": [*_TAGS, what], "text": f"{self._title}: {what}"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                url = f"{self._grafana.rstrip('/')}/api/annotations"
                session.post(url, json=mark, timeout=_TIMEOUT_S).raise_for_status()
        except requests.RequestException as error:
            logger.warning("Grafana at %s was not told that the experiment %s: %s", self._grafana, what, error)
            self._grafana = None
