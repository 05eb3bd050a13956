"""Times keep every nanosecond; secrets are not shown."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import TargetError
from probes.targets.docker.containers import instance_of, service_of
from probes.targets.docker.events import event_of
from probes.targets.values import check_command, masked, parse_rfc3339_ns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("2024-05-01T12:00:00.123456789Z", 1_714_564_800_123_456_789),
        ("2024-05-01T14:00:00.1+02:00", 1_714_564_800_100_000_000),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_times_keep_every_digit(text: str, expected: int | None) -> None:
    assert parse_rfc3339_ns(text) == expected


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=4_102_444_800 * 10**9))
def test_any_time_comes_back_to_the_nanosecond(at_ns: int) -> None:
    seconds, rest = divmod(at_ns, 10**9)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
    assert parse_rfc3339_ns(text) == at_ns


@pytest.mark.parametrize("text", ["yesterday", "2024-05-01", "2024-05-01T12:00:00"])
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(TargetError, match="RFC 3339"):
        parse_rfc3339_ns(text)


def test_secrets_are_masked_by_name_and_in_addresses() -> None:
    shown = dict(
        masked(
            [("DB_PASSWORD", "a"), ("api_key", "b"), ("AUTH_TOKEN", "c"), ("URL", "nats://me:d@host:1"), ("PORT", "1")]
        )
    )
    assert shown == {
        "DB_PASSWORD": "***",
        "api_key": "***",
        "AUTH_TOKEN": "***",
        "URL": "nats://***@host:1",
        "PORT": "1",
    }


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        (["CMD-SHELL", "pg_isready -U me"], "pg_isready -U me"),
        (["CMD", "redis-cli", "-a", "hunter22", "ping"], "redis-cli -a *** ping"),
        (["CMD-SHELL", "mysqladmin ping -phunter22 --user x"], "mysqladmin ping -p*** --user x"),
        (["CMD-SHELL", "TOKEN=abc check --api-key d3f && echo"], "TOKEN=*** check --api-key *** && echo"),
        (["CMD-SHELL", "check --password $$PW"], "check --password $$PW"),
        (["CMD", "curl", "-f", "http://me:pw@localhost/?key=9&x=1"], "curl -f http://***@localhost/?key=***&x=1"),
        (["CMD-SHELL", "curl -H 'Authorization: Bearer abc' x"], "curl -H 'Authorization: ***' x"),
        (["CMD", "", "wait"], "wait"),
        (["NONE"], ""),
        ([], ""),
    ],
)
def test_a_health_check_is_shown_without_its_secrets(test: list[str], shown: str) -> None:
    assert check_command(test, [("DB_PASSWORD", "hunter22"), ("USER_NAME", "me"), ("A_KEY", "y")]) == shown


def _inspected(**state: object) -> dict[str, object]:
    usual = {"Status": "running", "Pid": 7, "ExitCode": 0, "StartedAt": "1970-01-01T00:00:01Z", "FinishedAt": ""}
    return {
        "Id": "abc",
        "Image": "sha256:1",
        "RestartCount": 2,
        "State": {**usual, **state},
        "Config": {"Image": "web", "Labels": {"com.docker.compose.service": "web"}, "Env": ["A_SECRET=x", "B=y"]},
        "HostConfig": {
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "81/tcp": None},
        },
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", "created"),
        ("running", "running"),
        ("paused", "paused"),
        ("restarting", "restarting"),
        ("exited", "stopped"),
        ("dead", "stopped"),
        ("removing", "stopped"),
    ],
)
def test_every_word_of_the_engine_has_its_state(status: str, state: str) -> None:
    assert instance_of(_inspected(Status=status)).state == state


def test_an_exit_code_is_known_only_after_an_end() -> None:
    assert instance_of(_inspected()).exit_code is None
    ended = _inspected(Status="exited", ExitCode=137, FinishedAt="1970-01-01T00:00:02Z", Pid=0)
    assert (instance_of(ended).exit_code, instance_of(ended).pid) == (137, None)


def test_a_container_is_described_as_its_service() -> None:
    service = service_of(_inspected())
    assert (service.restart, service.ports, service.digest) == ("on-failure:3", ("127.0.0.1:8080",), "sha256:1")
    assert service.environment == (("A_SECRET", "***"), ("B", "y"))
    assert (service.healthcheck, service.health_interval_s) == ("", None)


@pytest.mark.parametrize("action", ["exec_create: sh", "exec_die", "create", "destroy", "attach", "rename"])
def test_what_the_engine_says_besides_is_no_event(action: str) -> None:
    raw = {"Action": action, "timeNano": 1, "Actor": {"ID": "a", "Attributes": {"com.docker.compose.service": "web"}}}
    assert event_of(raw, 2) is None
