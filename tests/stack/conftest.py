"""The stack is run by path: its folder goes on the path here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "stack"))

from stack_kit import BrokerProcess


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A broker that runs, on a store of its own."""
    process = BrokerProcess(tmp_path / "broker")
    process.start()
    yield process
    process.kill()
