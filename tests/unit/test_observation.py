"""The control's arguments: what is wrong is named, with what is known."""

from typing import Any

import pytest

from probes.errors import ConfigurationError
from probes.run.load import Canary, Load
from probes.run.observation import Observation

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
            "orders": "http://127.0.0.1:2/fulfilments",
            "traces": True,
        }
    )
    assert seen == Observation(
        load=Load("http://127.0.0.1:1", users=3),
        canaries=(Canary("shop", "http://127.0.0.1:1/x", keep=True),),
        rate=20,
        breakers=("http://127.0.0.1:1/breakers",),
        orders="http://127.0.0.1:2/fulfilments",
        traces=True,
    )
    assert seen.expected() == {
        "load": True,
        "canaries": ["shop"],
        "breakers": ["http://127.0.0.1:1/breakers"],
        "orders": True,
        "traces": True,
    }


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
        ({"load": {"host": LOCAL, "file": "no/such.py"}}, "no/such.py"),
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
