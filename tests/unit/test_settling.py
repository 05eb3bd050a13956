"""A figure of breakers and calls is taken from readings of both that began after it was asked for."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from probes.run import settling


class Reader:
    """Reads a little each time that it is looked at."""

    def __init__(self, every: int) -> None:
        self._looks, self._every = itertools.count(1), every

    @property
    def polls(self) -> int:
        return next(self._looks) // self._every


class Session:
    directory = Path()

    def __init__(self, *readers: Reader) -> None:
        self.readers, self.checks = list(readers), 0

    def check(self) -> None:
        self.checks += 1


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    session = Session(Reader(1), Reader(3))
    monkeypatch.setattr(settling, "current", lambda: session)
    monkeypatch.setattr(settling, "_EVERY_S", 0.0)
    return session


def figure(monkeypatch: pytest.MonkeyPatch, *values: Any) -> None:
    left = list(values)
    monkeypatch.setitem(settling.FIGURES, "made", lambda *_, **__: left.pop(0) if len(left) > 1 else left[0])


def test_readings_that_began_before_are_not_enough(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    figure(monkeypatch, True)
    assert settling.settled_for_breakers("made", 60.0)
    assert session.readers[1].polls >= 2
    assert session.checks >= 2


@pytest.mark.usefixtures("session")
def test_what_is_waited_for_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    figure(monkeypatch, False, False, True)
    assert settling.settled_for_breakers("made", 60.0, bool) is True


@pytest.mark.usefixtures("session")
def test_what_never_comes_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    figure(monkeypatch, False)
    assert settling.settled_for_breakers("made", 0.05, bool) is False
