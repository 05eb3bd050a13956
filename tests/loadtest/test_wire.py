"""Where the load goes: all copies behind a name, and those that are there now."""

import importlib
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LOOPBACKS = ("127.0.0.2", "127.0.0.3")


@pytest.fixture
def listening() -> Iterator[tuple[int, list[socket.socket]]]:
    """Two copies at one port; which of them was connected to, its queue says."""
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server((LOOPBACKS[0], 0)))
        port = first.getsockname()[1]
        second = stack.enter_context(socket.create_server((LOOPBACKS[1], port)))
        for one in (first, second):
            one.setblocking(False)
        yield port, [first, second]


class Names:
    """A name server."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    def look_up(self, _: str, port: int, **__: Any) -> list[tuple[Any, ...]]:
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.addresses]


@pytest.fixture
def wire() -> Iterator[ModuleType]:
    path = str(Path(__file__).parents[2] / "loadtest")
    sys.path.insert(0, path)
    yield importlib.import_module("wire")
    sys.path.remove(path)


@pytest.fixture
def names(wire: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names(*LOOPBACKS)
    monkeypatch.setattr(wire.socket, "getaddrinfo", made.look_up)
    return made


def connected(host: Any, copies: list[socket.socket], times: int) -> list[int]:
    """Connections that each copy got."""
    for _ in range(times):
        host.connect().close()
    found = []
    for copy in copies:
        found.append(0)
        while True:
            try:
                copy.accept()[0].close()
            except BlockingIOError:
                break
            found[-1] += 1
    return found


def test_each_copy_has_users(listening: tuple[int, list[socket.socket]], names: Names, wire: ModuleType) -> None:
    port, copies = listening
    assert connected(wire.Host(f"http://shop:{port}"), copies, 10) == [5, 5]
    assert names.asked == 1


def test_a_copy_that_came_later_has_users_too(
    listening: tuple[int, list[socket.socket]], names: Names, wire: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, copies = listening
    host = wire.Host(f"http://shop:{port}")
    names.addresses = LOOPBACKS[:1]
    assert connected(host, copies, 4) == [4, 0]
    names.addresses = LOOPBACKS[1:]
    monkeypatch.setattr(wire, "_FRESH_S", 0.0)
    assert connected(host, copies, 4) == [0, 4]


def test_where_one_refuses_the_next_is_asked(
    listening: tuple[int, list[socket.socket]], names: Names, wire: ModuleType
) -> None:
    port, copies = listening
    copies.pop(0).close()
    assert connected(wire.Host(f"http://shop:{port}"), copies, 4) == [4]
    copies.pop().close()
    with pytest.raises(ConnectionRefusedError):
        wire.Host(f"http://shop:{port}").connect()
    assert names.asked == 2


def test_a_later_family_is_tried_last(
    listening: tuple[int, list[socket.socket]], names: Names, wire: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for `localhost`, which is ::1 to begin with on most machines."""
    port, copies = listening
    found = names.look_up("shop", port)

    def both(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [*found, (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port))]

    monkeypatch.setattr(wire.socket, "getaddrinfo", both)
    assert connected(wire.Host(f"http://shop:{port}"), copies, 6) == [3, 3]
