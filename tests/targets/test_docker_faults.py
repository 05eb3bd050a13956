"""Faults in a container's network go by themselves, and what a killed helper leaves is found and taken away."""

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.errors import FaultNotPossible, NotOurs, UnknownService
from probes.faults.knock import knock
from probes.targets.abilities import Disturbance, Limits
from probes.targets.api import Instance
from probes.targets.docker import DockerTarget

pytestmark = pytest.mark.docker

COMPOSE = Path(__file__).parents[1] / "contract" / "compose.yaml"
CUT = Disturbance("partition")


@pytest.fixture(scope="module")
def target() -> Iterator[DockerTarget]:
    image = f"stehauf-stack:{os.environ.get('STEHAUF_IMAGE_TAG') or 'latest'}"
    ports = dict(zip(("ECHO_PORT", "OTHER_PORT"), map(str, free_ports()), strict=True))
    variables = {**os.environ, "CONTRACT_IMAGE": image, **ports}
    found = DockerTarget(f"stehauf-faults-{os.getpid()}", COMPOSE, environment=variables)
    found.up(lambda _: None)
    try:
        yield found
    finally:
        found.down()


@pytest.fixture
def echo(target: DockerTarget) -> Instance:
    (found,) = target.instances("echo")
    return found


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def opens(target: DockerTarget, echo: Instance) -> bool:
    return knock(target.addresses(echo), 0.5).opened_ms is not None


def test_it_ends_by_itself_at_its_bound(target: DockerTarget, echo: Instance) -> None:
    assert opens(target, echo)
    target.disturb(echo, CUT, "aaaaaaaaaaaa", 3)
    assert not opens(target, echo)
    eventually(lambda: target.disturbed(echo, "aaaaaaaaaaaa") is None)
    assert opens(target, echo)
    eventually(lambda: target.strays() == ())


def test_what_a_killed_helper_left_is_found_and_swept(target: DockerTarget, echo: Instance) -> None:
    target.disturb(echo, CUT, "bbbbbbbbbbbb", 60)
    target.disturb(echo, Disturbance("bandwidth", kbit_s=64), "cccccccccccc", 60)
    (helper,) = target._helpers().of("bbbbbbbbbbbb")
    helper.kill()
    helper.wait(timeout=20, condition="removed")
    assert not opens(target, echo)
    assert "rules of fault bbbbbbbbbbbb" in str(target.strays())
    target.settle(echo, "cccccccccccc")
    assert target.disturbed(echo, "bbbbbbbbbbbb") is not None, "undoing one leaves the other in place"
    assert target.sweep()
    assert target.strays() == ()
    assert opens(target, echo)


def test_the_kernel_says_by_which_means(target: DockerTarget) -> None:
    assert target.means(CUT) == "iptables DROP"
    assert target.means(Disturbance("latency", delay_ms=10)) in {"netem", "nfqueue"}


def test_what_is_held_back_when_a_delay_ends_arrives(target: DockerTarget, echo: Instance) -> None:
    """Else it would have to be sent again, a second later: nobody should wait for that after the fault is over."""
    ((host, port), *_) = target.addresses(echo)
    target.disturb(echo, Disturbance("latency", delay_ms=900), "eeeeeeeeeeee", 30)
    if target.means(Disturbance("latency", delay_ms=900)) == "netem":
        target.settle(echo, "eeeeeeeeeeee")
        pytest.skip("the kernel's own discipline drops what it holds")
    with socket.socket() as user:
        user.setblocking(False)
        assert user.connect_ex((host, port)) == errno.EINPROGRESS
        assert select.select([], [user], [], 0)[1] == [], "the answer to its opening is held back"
        target.settle(echo, "eeeeeeeeeeee")
        assert select.select([], [user], [], 20)[1] == [user]
        (sent_again,) = struct.unpack_from("I", user.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)
    assert sent_again == 0, "tcpi_total_retrans"


def test_what_is_not_ours_is_refused(target: DockerTarget, echo: Instance) -> None:
    stranger = Instance("echo", "no-such-container", "running", "none", 0, None, None, None)
    with pytest.raises(NotOurs):
        target.disturb(stranger, CUT, "dddddddddddd", 5)
    with pytest.raises(UnknownService, match="nobody"):
        target.disturb(echo, Disturbance("partition", peers=("nobody",)), "dddddddddddd", 5)
    assert target.strays() == ()


def test_without_its_image_nothing_is_done_and_it_says_how_to_get_it(target: DockerTarget) -> None:
    other = DockerTarget(target.project, environment={**os.environ, "STEHAUF_IMAGE_TAG": "never-made"})
    with pytest.raises(FaultNotPossible, match="stack image"):
        other.means(CUT)


def test_limits_that_were_declared_come_back(target: DockerTarget, echo: Instance) -> None:
    before, declared = target.limits(echo), target.declared(echo)
    target.limit(echo, Limits(0.1, None))
    assert target.limits(echo).cpus == pytest.approx(0.1)
    target.limit(echo, Limits(0.01, None))
    # Its own health check, twice a second, needs more than that.
    eventually(lambda: target.use(echo).throttled_ns > 0)
    target.restore(echo, declared)
    assert target.limits(echo) == before


def test_out_of_memory_without_a_limit_would_be_the_machines(target: DockerTarget, echo: Instance) -> None:
    assert target.limits(echo).memory_bytes is None
    with pytest.raises(FaultNotPossible, match="no memory limit"):
        target.exhaust(echo)
