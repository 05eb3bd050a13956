"""What is read of a Compose project's services: from the engine's containers, or as declared."""

from typing import Any

import pytest

from probes.projects.reading import _declared, _told
from probes.targets.docker.containers import (
    addresses_of,
    is_finished_task,
    moving_ports,
    published_ports,
    tasks_among,
)


def container(**more: Any) -> dict[str, Any]:
    host = {"RestartPolicy": {"Name": ""}, "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}
    network = {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49153"}, {"HostIp": "::", "HostPort": "49153"}]},
               "Networks": {"a": {"IPAddress": "10.0.0.2"}}}  # fmt: skip
    config = {"Labels": {}, "ExposedPorts": {"80/tcp": {}, "443/tcp": {}, "53/udp": {}}}
    return {"HostConfig": host, "NetworkSettings": network, "Config": config,
            "State": {"Status": "exited", "ExitCode": 0}, **more}  # fmt: skip


def test_a_port_that_the_engine_chose_is_found_and_known_to_move() -> None:
    assert published_ports(container()) == ((80, "", 49153),)
    assert moving_ports(container()) == {80}
    fixed = container()
    fixed["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    assert moving_ports(fixed) == frozenset()
    fixed["HostConfig"]["PortBindings"]["80/udp"] = [{"HostIp": "", "HostPort": ""}]
    assert moving_ports(fixed) == frozenset()
    ranged = container(NetworkSettings={})
    ranged["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "8000-8010"}]}
    assert moving_ports(ranged) == {80}
    assert published_ports(ranged) == (), "which of them it is nobody knows while it is down"


@pytest.mark.parametrize(("memory", "limits"), [(None, False), ("0", False), (0, False), ("1073741824", True)])
def test_no_limit_is_written_as_0(memory: object, limits: bool) -> None:
    declared = {"mem_limit": memory} if memory is not None else {}
    assert _declared("web", declared, is_task=False).has_memory_limit is limits
    deploy = {"resources": {"limits": {"memory": memory}}} if memory is not None else {}
    assert _declared("web", {"deploy": deploy}, is_task=False).has_memory_limit is limits


def test_what_compose_says_names_the_variables_that_it_lacks() -> None:
    said = _told('time="x" level=warning msg="The \\"MEDIA\\" variable is not set. Defaulting"\ninvalid spec: :/media')
    assert said == "invalid spec: :/media (it has no value for MEDIA)"
    assert "not fetched" in _told("experimental git remote resource is disabled")
    assert _told("") == "it said nothing"


def test_what_an_image_exposes_can_be_knocked_at_after_what_is_published() -> None:
    assert addresses_of(container(), local=True) == (("10.0.0.2", 80), ("10.0.0.2", 443))
    assert addresses_of(container(), local=False) == (("127.0.0.1", 49153),)


def test_a_task_is_done_only_where_it_ended_well_and_others_waited_for_that() -> None:
    waiting = container(
        Config={
            "Labels": {
                "com.docker.compose.depends_on": "a:service_completed_successfully:false,b:service_healthy:false"
            }
        }
    )
    assert tasks_among([waiting]) == {"a"}
    assert is_finished_task(container())
    assert not is_finished_task(container(State={"Status": "exited", "ExitCode": 1}))
    assert not is_finished_task(container(State={"Status": "running", "ExitCode": 0}))
