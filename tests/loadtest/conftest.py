"""A shop, a folder for samples, and a way to start generators that ends them with the test."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from generators import Generator, Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.open.set()
        server.orders_open.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the samples go."""
    return tmp_path / "samples"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Generator]]:
    """Start a generator; it is killed when the test ends."""
    started: list[Generator] = []

    def starter(*command: str, env: dict[str, str] | None = None) -> Generator:
        place = tmp_path / f"process-{len(started)}"
        place.mkdir()
        started.append(Generator(list(command), place, env))
        return started[-1]

    yield starter
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
