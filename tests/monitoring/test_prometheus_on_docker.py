"""The profile `monitoring`: Prometheus from Debian's package comes up beside the stack, and sees all of it."""

from pathlib import Path

import pytest
import requests
from harness import Bench, free_ports
from watching import Prometheus, eventually

pytestmark = pytest.mark.docker


def test_prometheus_comes_up_with_its_profile_and_sees_every_service(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    chosen = {"COMPOSE_PROFILES": "monitoring", "PROMETHEUS_PORT": str(port)}
    with Bench("docker", tmp_path, environment=chosen).up():
        one = Prometheus(f"http://127.0.0.1:{port}")
        eventually(lambda: sum(one.now('up{job="stehauf"}').values()) == 4)
        rules = requests.get(f"{one.url}/api/v1/rules", timeout=10).json()["data"]["groups"]
        assert sorted(group["name"] for group in rules) == ["alerts", "availability"]
