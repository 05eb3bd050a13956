"""Orders that the experiment itself places are told from whatever else it asks."""

from typing import Any

import pytest

from probes.run.own_orders import placed

POST: dict[str, Any] = {"provider": {"type": "http", "method": "POST"}}


def answered(status: int, body: Any) -> dict[str, Any]:
    return {"start": "2026-05-28T20:26:40.5+00:00", "output": {"status": status, "body": body}}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, {"id": "a", "state": "accepted"}, "acknowledged"),
        (202, '{"id": "a", "state": "queued"}', "acknowledged"),
        (503, {"id": "a", "state": "refused"}, "refused"),
        (503, {"id": "a"}, "unknown"),
        (504, {"id": "a", "state": "unknown"}, "unknown"),
    ],
)
def test_an_order_by_what_the_shop_said(status: int, body: Any, outcome: str) -> None:
    found = placed(POST, answered(status, body))
    assert found
    assert (found["id"], found["outcome"], found["at_ns"]) == ("a", outcome, 1780000000500000000)


@pytest.mark.parametrize(
    ("activity", "run"),
    [
        (POST, None),
        (POST, {"start": "2026-05-28T20:26:40+00:00", "output": None}),
        (POST, answered(201, "no JSON")),
        (POST, answered(201, "[1]")),
        (POST, answered(201, {"id": 7})),
        ({"provider": {"type": "http"}}, answered(200, {"id": "a"})),
        ({"provider": {"type": "python"}}, answered(200, {"id": "a"})),
        ({}, answered(200, {"id": "a"})),
    ],
)
def test_what_is_no_order(activity: dict[str, Any], run: dict[str, Any] | None) -> None:
    assert placed(activity, run) is None
