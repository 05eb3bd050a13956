"""A stack file is made from our Compose file, and what the manager says is read: without a swarm."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.errors import ConfigurationError
from probes.targets.swarm.engines import manager_environment, nodes_named
from probes.targets.swarm.stackfile import stack_file
from probes.targets.swarm.tasks import event_from, instance_from, service_from, slots

STACK = Path(__file__).parents[2] / "stack"
FILES = ["-f", str(STACK / "compose.yaml"), "-f", str(STACK / "swarm" / "services.yaml")]


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    """Our stack, as Compose reads it with what a swarm has laid over it."""
    environment = {key: value for key, value in os.environ.items() if key != "COMPOSE_PROFILES"}
    done = subprocess.run(
        ["docker", "compose", *FILES, "config", "--format", "json"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return stack_file(json.loads(done.stdout))


@pytest.mark.docker
def test_our_stack_becomes_one_that_docker_accepts(ours: dict[str, Any]) -> None:
    done = subprocess.run(
        ["docker", "stack", "config", "--compose-file", "-"],
        input=json.dumps(ours), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)
    assert set(read["services"]) == {"storefront", "product", "order", "fulfilment", "broker"}
    assert read["services"]["product"]["healthcheck"]["test"][3].endswith("[[ $line == *' 200 '* ]]")


@pytest.mark.docker
def test_nothing_that_compose_declares_is_lost_but_what_the_documentation_names(ours: dict[str, Any]) -> None:
    broker, product = ours["services"]["broker"], ours["services"]["product"]
    assert broker["deploy"]["resources"]["limits"]["memory"] == str(160 * 2**20)
    assert broker["deploy"]["restart_policy"] == {"condition": "any", "delay": "0s"}
    assert broker["deploy"]["endpoint_mode"] == "dnsrr"
    assert broker["ports"] == [{"target": 4222, "published": 4222, "protocol": "tcp", "mode": "host"}]
    assert {"type": "tmpfs", "target": "/tmp", "tmpfs": {"size": 16 * 2**20}} in broker["volumes"]
    assert any(one["type"] == "volume" and one["source"] == "broker-data" for one in broker["volumes"])
    assert (broker["init"], broker["read_only"], broker["cap_drop"]) == (True, True, ["ALL"])
    assert product["deploy"]["replicas"] == 2
    assert product["deploy"]["placement"]["max_replicas_per_node"] == 1
    assert ours["services"]["storefront"]["deploy"]["labels"] == {"stehauf.depends-on": "broker,order,product"}
    assert set(ours["volumes"]) >= {"broker-data", "fulfilment-data"}
    assert "name" not in ours


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ({"privileged": True}, "declares privileged"),
        ({"network_mode": "host", "devices": ["/dev/fuse"]}, "declares devices, network_mode"),
        ({"restart": "sometimes"}, "restart: 'sometimes'"),
        ({"ports": [{"target": 80, "published": "8000-8010"}]}, "'8000-8010'"),
        ({"ports": [{"target": 80}]}, "any port"),
        ({"tmpfs": ["/tmp:mode=700"]}, "its size alone"),
    ],
)
def test_what_a_swarm_cannot_do_is_refused_by_name(declared: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match="web") as refused:
        stack_file({"services": {"web": {"image": "x", **declared}}})
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("policy", "made"),
    [
        ("no", {"condition": "none", "delay": "0s"}),
        ("always", {"condition": "any", "delay": "0s"}),
        ("on-failure:3", {"condition": "on-failure", "delay": "0s", "max_attempts": 3}),
        (None, {"condition": "none", "delay": "0s"}),
    ],
)
def test_a_restart_policy_is_said_in_the_swarms_words(policy: str | None, made: dict[str, Any]) -> None:
    found = stack_file({"services": {"web": {"image": "x", "restart": policy}}})
    assert found["services"]["web"]["deploy"]["restart_policy"] == made


def test_what_a_user_declares_for_a_swarm_stands() -> None:
    declared = {"deploy": {"endpoint_mode": "vip", "resources": {"limits": {"memory": "1g"}}}, "mem_limit": "2g"}
    deploy = stack_file({"services": {"web": {"image": "x", **declared}}})["services"]["web"]["deploy"]
    assert deploy["endpoint_mode"] == "vip"
    assert deploy["resources"]["limits"]["memory"] == "1g"


def task(number: int, state: str, desired: str, slot: int = 1, **status: Any) -> dict[str, Any]:
    return {
        "ID": f"t{number}", "Slot": slot, "NodeID": "n2", "DesiredState": desired,
        # fewer digits are later: text would sort the other way round
        "CreatedAt": f"2026-05-28T20:26:4{number}Z" if number % 2 else f"2026-05-28T20:26:4{number}.123456789Z",
        "Status": {"State": state, **status},
    }  # fmt: skip


def test_the_last_task_of_a_slot_is_the_instance_and_says_how_the_one_before_ended() -> None:
    ended = {"ContainerStatus": {"ContainerID": "c1", "ExitCode": 137}}
    found = slots(
        [task(3, "running", "running"), task(2, "failed", "shutdown", **ended), task(1, "shutdown", "shutdown")]
    )
    (one,) = [instance_from("product", each, {"n2": "node2"}, None) for each in found]
    assert (one.id, one.task, one.replaces, one.ended_as, one.exit_code) == ("product.1", "t3", "t2", "failed", 137)
    assert (one.node, one.state) == ("node2", "restarting"), "no container was seen: nothing says that it runs"


def test_a_slot_that_was_scaled_away_is_no_instance() -> None:
    assert slots([task(1, "running", "running"), task(2, "shutdown", "shutdown", slot=2)]) == [
        [task(1, "running", "running")]
    ]


def test_an_event_is_told_of_its_slot_and_only_of_our_stack() -> None:
    attributes = {
        "com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_web",
        "com.docker.swarm.task.name": "shop_web.2.t7", "com.docker.swarm.task.id": "t7", "exitCode": "137",
    }  # fmt: skip
    raw = {"Action": "die", "timeNano": 5, "Actor": {"ID": "c" * 64, "Attributes": attributes}}
    event = event_from(raw, 6, "shop", "node3")
    assert event is not None
    assert (event.service, event.instance, event.task, event.node) == ("web", "web.2", "t7", "node3")
    assert (event.kind, event.exit_code) == ("die", 137)
    assert event_from(raw, 6, "other", "node3") is None


def test_a_service_is_described_in_composes_words_without_its_secrets() -> None:
    container = {"Image": "x", "Env": ["A=1", "TOKEN=not-for-a-report"], "Healthcheck": {"Test": ["CMD", "look"]}}
    raw = {
        "Spec": {
            "Name": "shop_web", "Labels": {"stehauf.depends-on": "db"},
            "TaskTemplate": {"ContainerSpec": container, "RestartPolicy": {"Condition": "any"}},
            "EndpointSpec": {"Ports": [{"PublishedPort": 8080}]},
        }
    }  # fmt: skip
    found = service_from(raw, "shop", "sha256:1")
    assert (found.name, found.restart, found.ports, found.depends_on) == ("web", "always", ("*:8080",), ("db",))
    assert found.health_interval_s == 30.0
    assert "not-for-a-report" not in str(found)


@pytest.mark.parametrize("text", ["node1", "node1=/run/a.sock", "=tcp://1:2", "a=tcp://1:2,a=tcp://1:3"])
def test_nonsense_for_the_names_of_nodes_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="STEHAUF_SWARM_NODES"):
        nodes_named(text)


def test_a_context_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no-such-context"):
        manager_environment({"DOCKER_CONTEXT": "no-such-context"})
    assert manager_environment({"DOCKER_CONTEXT": "x", "DOCKER_HOST": "tcp://a:1"})["DOCKER_HOST"] == "tcp://a:1"
