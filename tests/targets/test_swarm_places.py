"""Where a load runs on nodes: what is refused before anything is made, and whose containers are taken away."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

import pytest
from docker.errors import ImageNotFound, NotFound

from probes.errors import ConfigurationError, TargetError
from probes.targets.swarm import places
from probes.targets.swarm.engines import Engines
from probes.targets.swarm.places import LABEL, Places, places_of, remove_places

NETWORK = {"Target": "net-1", "Aliases": ["storefront"]}
STACK = [{"Spec": {"Name": "shop_storefront", "TaskTemplate": {"Networks": [NETWORK]}}}]


@dataclass
class Service:
    """One that a manager has."""

    swarm: "Swarm"
    id: str
    name: str
    node: str
    labels: dict[str, str]

    def remove(self) -> None:
        if self not in self.swarm.made:
            raise NotFound("no such service")
        self.swarm.made.remove(self)


@dataclass
class Swarm:
    """Two nodes, the second of which may be without the image, or have another one, or be drained."""

    without_image: bool = False
    other_image: bool = False
    drained: bool = False
    made: list[Service] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    services: "Swarm" = field(init=False)

    def __post_init__(self) -> None:
        self.services = self

    # the manager's
    def manager(self) -> "Swarm":
        return self

    def api(self) -> "Api":
        return Api()

    def create(self, image: str, **asked: Any) -> Service:
        node = asked["constraints"][0].removeprefix("node.hostname==")
        self.asked = {"image": image, **asked}
        service = Service(self, f"id-{next(self.numbers)}", asked["name"], node, asked["labels"])
        self.made.append(service)
        return service

    def list(self, filters: dict[str, str]) -> list[Service]:
        key, _, value = filters["label"].partition("=")
        return [one for one in self.made if one.labels.get(key) == value]

    # the nodes'
    def endpoints(self) -> dict[str, str]:
        return {"node1": "unix:///1", "node2": "unix:///2"}

    def engine(self, name: str) -> "Node":
        return Node(self, name)

    reachable = engine


@dataclass
class Api:
    """What is there of the stack."""

    @staticmethod
    def services(filters: dict[str, str]) -> list[dict[str, Any]]:
        return STACK if filters == {"label": "com.docker.stack.namespace=shop"} else []

    @staticmethod
    def tasks(filters: dict[str, str]) -> list[dict[str, Any]]:
        return [{"Status": {"Err": "no suitable node"}}] if filters["service"].endswith("-2") else []


class Node:
    """The engine of a node."""

    def __init__(self, swarm: Swarm, name: str) -> None:
        self._swarm = swarm
        self._name = name
        self.images = self.containers = self

    def get(self, image: str) -> "Image":
        if self._swarm.without_image and self._name == "node2":
            raise ImageNotFound("No such image")
        assert image == "load:latest"
        return Image("sha256:" + ("b" if self._swarm.other_image and self._name == "node2" else "a") * 64)

    def list(self, filters: dict[str, Any], ignore_removed: bool) -> list[Any]:
        assert ignore_removed
        if self._swarm.drained and self._name == "node2":
            return []
        key, _, value = filters["label"].partition("=")
        here = [one for one in self._swarm.made if one.node == self._name]
        chosen = [one for one in here if one.labels.get(key) == value or one.name == value]
        return [Running(one.name, {"com.docker.swarm.service.id": one.id}) for one in chosen]


@dataclass
class Image:
    """One that a node has."""

    id: str


@dataclass
class Running:
    """A container of a service."""

    name: str
    labels: dict[str, str]


def of(swarm: Swarm) -> Engines:
    return cast("Engines", swarm)


def opened(swarm: Swarm, host: str = "storefront", nodes: tuple[str, ...] = ("node1", "node2")) -> Places:
    made = Places(of(swarm), "shop")
    assert [place.node for place in made.open(nodes, "load:latest", host)] == list(nodes)
    return made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_STARTED_S", 0.3)
    monkeypatch.setattr(places, "_GONE_S", 0.3)


@pytest.mark.parametrize("host", ["storefront", "shop_storefront"])
def test_it_is_in_the_network_of_what_it_asks_and_none_of_the_stack(host: str) -> None:
    swarm = Swarm()
    opened(swarm, host)
    assert [one.node for one in swarm.made] == ["node1", "node2"]
    assert swarm.asked["networks"] == ["net-1"]
    assert swarm.asked["labels"] == swarm.asked["container_labels"] == {LABEL: "shop"}


@pytest.mark.parametrize(
    ("swarm", "host", "nodes", "why"),
    [
        (Swarm(), "storefront", ("node1", "node9"), "names node9; the swarm has node1, node2"),
        (Swarm(), "example.com", ("node1",), "'example.com', and no service .* known are shop_storefront, storefront"),
        (Swarm(without_image=True), "storefront", ("node1", "node2"), "node2 does not have the image load:latest"),
        (Swarm(other_image=True), "storefront", ("node1", "node2"), "different images .*node1 a{12}, node2 b{12}"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    swarm: Swarm, host: str, nodes: tuple[str, ...], why: str
) -> None:
    with pytest.raises((ConfigurationError, TargetError), match=why):
        opened(swarm, host, nodes)
    assert swarm.made == []


def test_the_manager_says_why_a_node_has_none() -> None:
    swarm = Swarm(drained=True)
    made = Places(of(swarm), "shop")
    with pytest.raises(TargetError, match=r"no place on node2 within 0.3 s: no suitable node"):
        made.open(("node1", "node2"), "load:latest", "storefront")
    made.close()
    assert swarm.made == []


def test_what_a_killed_run_left_goes_before_and_what_a_later_one_made_stays() -> None:
    """The one that was killed may take its time to close: those of its successor are not its own."""
    swarm = Swarm()
    first = opened(swarm)
    left = {one.id for one in swarm.made}
    second = opened(swarm)
    later = {one.id for one in swarm.made}
    assert len(later) == 2
    assert not left & later
    first.close()
    assert {one.id for one in swarm.made} == later
    second.close()
    assert swarm.made == []


def test_each_stack_has_its_own() -> None:
    swarm = Swarm()
    opened(swarm)
    assert remove_places(of(swarm), "other") == ()
    assert len(places_of(of(swarm), "shop")) == 2
    assert remove_places(of(swarm), "shop") == ("stehauf-load-shop-1", "stehauf-load-shop-2")
    assert swarm.made == []
