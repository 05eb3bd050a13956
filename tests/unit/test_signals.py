"""An interruption that strikes where nobody can take it is not printed as a traceback."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chaoslib.exceptions import InterruptExecution

from probes.run.signals import SignalNote


@contextmanager
def told_of_the_end(error: Exception) -> Iterator[None]:
    """As chaoslib's `controls`: what a control raises at the end of an activity goes on from here."""
    try:
        yield
    finally:
        raise error


@pytest.mark.parametrize(
    ("signalled", "error", "printed"),
    [
        ("SIGINT", InterruptExecution("SIGINT received"), False),
        ("SIGINT", ValueError("a fault"), True),
        (None, InterruptExecution("Recording failed unexpectedly"), True),
    ],
)
def test_what_is_raised_while_a_generator_is_dropped(
    signalled: str | None, error: Exception, printed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: seen.append(what.exc_value))
    before = sys.unraisablehook
    note = SignalNote()
    note.install()
    note.seen = signalled
    try:
        manager: Any = told_of_the_end(error)
        manager.__enter__()
        del manager  # what the interpreter does when the signal strikes before the block is entered
    finally:
        note.release()
    assert seen == ([error] if printed else [])
    assert sys.unraisablehook is before
