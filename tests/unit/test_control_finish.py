"""Whatever goes wrong in `finish`, `chaos run` does not exit 0 for it: chaoslib swallows what a handler raises."""

from collections.abc import Iterator
from typing import Any

import pytest
from chaoslib.run import EventHandlerRegistry

from probes import control


def journal(**more: Any) -> dict[str, Any]:
    states = {"before": None, "after": None, "during": []}
    return {"status": "completed", "deviated": False, "steady_states": states, "run": [], "rollbacks": [], **more}


def exits_zero(found: dict[str, Any]) -> bool:
    """As chaostoolkit.cli decides."""
    return found["status"] == "completed" and not found["deviated"]


@pytest.fixture
def registry() -> Iterator[EventHandlerRegistry]:
    found = EventHandlerRegistry()
    control.configure_control({}, found)
    yield found
    control._conductor = None


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


class Silent:
    def __str__(self) -> str:
        raise RuntimeError("it has no text")


def test_an_output_that_is_nested_deeply(registry: EventHandlerRegistry) -> None:
    """600 levels are within what json can read and write, also out of an HTTP answer."""
    found = journal(run=[{"activity": {}, "output": nested(2000), "status": "succeeded"}])
    registry.finish(found)
    assert not exits_zero(found)


def test_an_output_without_a_text(registry: EventHandlerRegistry) -> None:
    found = journal(run=[{"activity": {}, "output": Silent(), "status": "succeeded"}])
    registry.finish(found)
    assert not exits_zero(found)


def test_an_entry_that_another_control_added(registry: EventHandlerRegistry) -> None:
    found = journal(run=[{"activity": {"name": "a note"}}])
    registry.finish(found)
    assert not exits_zero(found)


def test_leaving_the_target_fails_in_a_way_that_nobody_thought_of(registry: EventHandlerRegistry) -> None:
    class Session:
        is_recording = False

        def close(self) -> None:
            raise PermissionError(13, "the state folder became read-only")

    assert control._conductor
    control._conductor._session = Session()  # type: ignore[assignment]
    found = journal()
    registry.finish(found)
    assert not exits_zero(found)
