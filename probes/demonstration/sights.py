"""What else there is to look at in the last act: Grafana and Jaeger, where they run."""

from collections.abc import Mapping
from typing import Any

import requests

__all__ = ["sights"]

_SIGHTS = (
    ("Grafana", "STEHAUF_GRAFANA", "GRAFANA_PORT", "3000", "/api/health", "database"),
    ("Jaeger", "STEHAUF_JAEGER", "JAEGER_PORT", "16686", "/api/services", "data"),
)
"""Name, variable of its URL, variable and default of its port, what to ask it, and a key that its answer has."""
_PATIENCE_S = 1.0


def sights(environment: Mapping[str, str]) -> dict[str, str]:
    """Name and URL of each that answers as what it is: on these ports anything else may listen."""
    found = {}
    for name, variable, port, default, path, key in _SIGHTS:
        url = environment.get(variable) or f"http://127.0.0.1:{environment.get(port) or default}"
        if key in _answer(url.rstrip("/") + path):
            found[name] = url
    return found


def _answer(url: str) -> dict[str, Any]:
    """The JSON object at a URL; empty where there is none."""
    try:
        answer = requests.get(url, timeout=_PATIENCE_S).json()
    except (requests.RequestException, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
