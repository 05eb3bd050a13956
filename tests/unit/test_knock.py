"""Who hangs neither answers nor closes; who does either is not hung."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from probes.faults.knock import knock


@contextmanager
def server(serve: Callable[[socket.socket], object] | None) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        if serve is not None:
            threading.Thread(target=lambda: serve(listening.accept()[0]), daemon=True).start()
        yield listening.getsockname()


def answer(connection: socket.socket) -> None:
    with connection:
        connection.recv(100)
        connection.sendall(b"?")


def close(connection: socket.socket) -> None:
    """As PostgreSQL does to what it does not understand."""
    connection.recv(100)
    connection.close()


@pytest.mark.parametrize("serve", [answer, close])
def test_a_word_and_a_closing_are_answers(serve: Callable[[socket.socket], object]) -> None:
    with server(serve) as address:
        came = knock([address], timeout_s=10)
    assert came.opened_ms is not None
    assert came.answered_ms is not None


def test_who_takes_a_connection_and_does_nothing_has_not_answered() -> None:
    with server(None) as address:
        came = knock([address], timeout_s=0.2)
    assert came.opened_ms is not None
    assert came.answered_ms is None
