"""Shared by the targets' own tests."""

import time
from collections.abc import Callable

import pytest


def _eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, however slow the machine."""
    return _eventually
