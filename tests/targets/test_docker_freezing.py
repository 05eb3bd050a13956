"""A container is frozen between two of its health checks: one that is just being started would never be thawed."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from probes.targets.docker import freezing
from probes.targets.docker.freezing import freeze, is_quiet

NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC).timestamp()
INTERVAL = 2_000_000_000


def checked(ended: str, *, interval: int = INTERVAL, execs: list[str] | None = None) -> dict[str, Any]:
    return {
        "ExecIDs": execs,
        "State": {"Health": {"Log": [{"End": "2026-05-28T20:26:00Z"}, {"End": ended}]}},
        "Config": {"Healthcheck": {"Interval": interval}},
    }


@pytest.mark.parametrize(
    ("attrs", "quiet"),
    [
        (checked("2026-05-28T20:26:39.000000000Z"), True),
        (checked("2026-05-28T20:26:39.999999999Z"), True),
        (checked("2026-05-28T20:26:38.3Z"), False),
        (checked("2026-05-28T20:26:38.000000001Z"), False),
        (checked("2026-05-28T20:26:37.9Z"), False),
        (checked("2026-05-28T20:26:37.5Z"), False),
        (checked("2026-05-28T20:26:38.9Z"), False),
        (checked("2026-05-28T20:26:39.8Z", interval=INTERVAL // 10), False),
        (checked("2026-05-28T20:26:39.95Z", interval=INTERVAL // 10), True),
        (checked("2026-05-28T22:26:38.1+02:00"), False),
        (checked("2026-05-28T20:26:10.1Z", interval=0), False),
        (checked("2026-05-28T20:26:38.1Z", interval=0), True),
        (checked("2026-05-28T20:26:39.0Z", execs=["a"]), False),
        ({"State": {"Status": "running"}, "Config": {}}, True),
        ({"State": {"Health": {"Log": None}}, "ExecIDs": None}, True),
    ],
)
def test_a_gap_between_two_checks_is_seen(attrs: dict[str, Any], quiet: bool) -> None:
    assert is_quiet(attrs, NOW) is quiet


class Container:
    """Has something started in it until it was inspected so many times."""

    def __init__(self, busy: int) -> None:
        self.busy, self.inspected, self.frozen_after = busy, 0, -1

    @property
    def attrs(self) -> dict[str, Any]:
        return {"ExecIDs": ["a"] if self.inspected < self.busy else None}

    def reload(self) -> None:
        self.inspected += 1

    def pause(self) -> None:
        self.frozen_after = self.inspected

    def unpause(self) -> None: ...


def test_it_is_frozen_once_nothing_is_being_started_in_it() -> None:
    container = Container(busy=3)
    freeze(container)
    assert container.frozen_after == 3


def test_where_there_is_no_gap_it_is_frozen_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "_WAIT_S", 0.1)
    container = Container(busy=10**9)
    began = time.monotonic()
    freeze(container)
    assert container.frozen_after > 0
    assert time.monotonic() - began >= 0.1
