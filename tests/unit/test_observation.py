"""The control's arguments: what is wrong is named, with what is known."""

from typing import Any

import pytest

from probes.errors import ConfigurationError
from probes.run.load import Canary, Load
from probes.run.observation import Observation
from probes.run.preflight import check_load

LOCAL = "http://127.0.0.1:1"


def test_without_arguments_nothing_is_observed_beside_the_target() -> None:
    assert Observation.from_arguments({}) == Observation()


def test_every_argument_is_read() -> None:
    seen = Observation.from_arguments(
        {
            "load": {"host": "http://127.0.0.1:1", "users": 3},
            "canaries": [{"name": "shop", "url": "http://127.0.0.1:1/x", "keep": True}],
            "rate": 20,
            "breakers": "http://127.0.0.1:1/breakers",
            "calls": "http://127.0.0.1:1/calls",
            "orders": "http://127.0.0.1:2/fulfilments",
            "traces": True,
        }
    )
    assert seen == Observation(
        load=Load("http://127.0.0.1:1", users=3),
        canaries=(Canary("shop", "http://127.0.0.1:1/x", keep=True),),
        rate=20,
        breakers=("http://127.0.0.1:1/breakers",),
        calls=("http://127.0.0.1:1/calls",),
        orders="http://127.0.0.1:2/fulfilments",
        traces=True,
    )
    assert seen.expected() == {
        "load": True,
        "workers": 1,
        "canaries": ["shop"],
        "breakers": ["http://127.0.0.1:1/breakers"],
        "calls": ["http://127.0.0.1:1/calls"],
        "orders": True,
        "traces": True,
    }


@pytest.mark.parametrize(
    ("load", "stages"),
    [
        ({}, [[None, 50, 50]]),
        ({"rate": 7}, [[None, 7, 7]]),
        ({"users": 7}, None),
        ({"shape": {"name": "steady", "rate": 7}}, [[None, 7, 7]]),
        ({"shape": {"name": "ramp", "start": 1, "end": 9, "seconds": 4}}, [[4, 1, 9], [None, 9, 9]]),
        (
            {"shape": {"name": "spike", "rate": 5, "peak": 90, "after": 3, "seconds": 2}},
            [[3, 5, 5], [2, 90, 90], [None, 5, 5]],
        ),
        ({"shape": {"name": "demo", "rate": 100}}, [[5, 20, 100], [None, 100, 100]]),
        ({"shape": {"name": "stages", "stages": [[1, 2, 3]]}}, [[1, 2, 3], [None, 3, 3]]),
    ],
)
def test_rate_and_shape_become_stages(load: dict[str, Any], stages: list[Any] | None) -> None:
    seen = Observation.from_arguments({"load": {"host": LOCAL, **load}})
    assert seen.load is not None
    assert seen.load.stages == stages


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"lode": {}}, "lode"),
        ({"load": {"hots": "x"}}, "hots"),
        ({"load": "http://127.0.0.1"}, "load"),
        ({"canaries": [{"name": "x"}]}, "canaries"),
        ({"rate": "fast"}, "fast"),
        ({"rate": 0}, "rate"),
        ({"rate": True}, "rate"),
        ({"load": {"host": "http://192.0.2.1"}}, "192.0.2.1.*loopback"),
        ({"load": {"host": LOCAL, "users": "many"}}, "load.users.*many"),
        ({"load": {"host": LOCAL, "users": 0}}, "load.users"),
        ({"load": {"host": LOCAL, "users": 5, "rate": 5}}, "one of rate and shape .* or users"),
        ({"load": {"host": LOCAL, "rate": 5, "shape": {"name": "demo"}}}, "one of rate and shape"),
        ({"load": {"host": LOCAL, "rate": 0}}, "load.rate reads? .*0|load.rate"),
        ({"load": {"host": LOCAL, "rate": "fast"}}, "load.rate.*fast"),
        ({"load": {"host": LOCAL, "processes": 0}}, "load.processes"),
        ({"load": {"host": LOCAL, "shape": "ramp"}}, r"load.shape.*'ramp'.*ramp \(start, end, seconds\)"),
        ({"load": {"host": LOCAL, "shape": {"name": "wave"}}}, "wave.*spike"),
        ({"load": {"host": LOCAL, "shape": {"name": "ramp", "start": 1}}}, "missing.*ramp takes: start, end, seconds"),
        ({"load": {"host": LOCAL, "shape": {"name": "demo", "rates": 1}}}, "rates.*demo takes: rate"),
        ({"load": {"host": LOCAL, "shape": {"name": "steady", "rate": "x"}}}, "load.shape: rate .*'x'"),
        ({"load": {"host": LOCAL, "shape": {"name": "ramp", "start": 1, "end": 9, "seconds": 0}}}, "seconds, 0.1"),
        ({"load": {"host": LOCAL, "shape": {"name": "stages", "stages": [[1, 2]]}}}, r"\[seconds, from, to\]"),
        ({"load": {"host": LOCAL, "file": "no/such.py"}}, "no/such.py"),
        ({"load": {"host": LOCAL, "nodes": "node2"}}, "load.inside.*an http URL"),
        ({"load": {"host": LOCAL, "nodes": ["node2"], "inside": LOCAL}}, "load.nodes.*a text"),
        ({"load": {"host": LOCAL, "nodes": "no de", "inside": LOCAL}}, "load.nodes.*no de"),
        (
            {"load": {"host": LOCAL, "nodes": "a,b", "inside": LOCAL, "processes": 2}},
            r"both nodes \(a,b\) and processes \(2\)",
        ),
        ({"canaries": [{"name": "a b", "url": LOCAL}]}, "a b"),
        ({"canaries": [{"name": 5, "url": LOCAL}]}, "5"),
        ({"canaries": [{"name": "a", "url": LOCAL}] * 2}, "a, a.*name of its own"),
        ({"canaries": [{"name": "a", "url": "nonsense"}]}, "nonsense.*http URL"),
        ({"canaries": [{"name": "a", "url": "http://127.0.0.1:no/"}]}, "http URL"),
        ({"canaries": [{"name": "a", "url": "http://example.com/"}]}, "example.com.*loopback"),
        ({"canaries": [{"name": "a", "url": LOCAL, "timeout": "soon"}]}, "timeout.*soon"),
        ({"canaries": "x"}, "canaries"),
        ({"breakers": 5}, "breakers.*5"),
        ({"breakers": [LOCAL, "x"]}, "breakers.*x"),
        ({"orders": "x"}, "orders.*x"),
        ({"traces": "false"}, "traces.*'false'.*true or false"),
    ],
)
def test_what_is_wrong_is_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Observation.from_arguments(arguments)


def test_each_node_has_a_worker_and_only_a_swarm_has_nodes() -> None:
    load = {"host": LOCAL, "nodes": " node2, node3,node2", "inside": "http://storefront:8080"}
    seen = Observation.from_arguments({"load": load})
    assert seen.load
    assert seen.load.places == ("node2", "node3")
    assert seen.expected()["workers"] == 2
    check_load(seen.load, "swarm")
    with pytest.raises(ConfigurationError, match="node2, node3, and the target is docker"):
        check_load(seen.load, "docker")
    check_load(Observation.from_arguments({"load": {"host": LOCAL, "nodes": ""}}).load, "docker")
