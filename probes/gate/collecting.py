"""Experiment files as items of pytest."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from probes.gate.outcome import Unknown, Unmet
from probes.lint.lines import Unreadable, load

if TYPE_CHECKING:
    from probes.gate.suite import Suite

__all__ = ["Experiment", "ExperimentFile"]

_OF_PYTEST = frozenset({"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"})
"""Markers that mean something to pytest: an experiment with the tag `xfail` must not be one that may fail."""
_NO_MARKER = re.compile(r"[^\w.+-]+")


class ExperimentFile(pytest.File):
    """A file that holds one experiment."""

    def collect(self) -> Iterator["Experiment"]:
        """The experiment. Raises CollectError, in a sentence."""
        item = Experiment.from_parent(self, name=self.path.stem)
        item.take(self._read())
        yield item

    def _read(self) -> dict[str, Any]:
        try:
            read = load(self.path).value
        except Unreadable as error:
            raise self.CollectError(f"{self.path}:{error.line} cannot be read: {error}") from None
        if not isinstance(read, dict) or not {"title", "method"} <= read.keys():
            raise self.CollectError(
                f"{self.path} is no experiment: it has to be one mapping with a title and a method. "
                "Mend it (chaos validate says more), or move it out of the folder"
            )
        return read


class Experiment(pytest.Item):
    """One experiment: setting it up is running it, calling it is asking for its claims.

    So a run that proves nothing is an error, and a claim that was seen not to hold is a failure: in pytest's own
    words, in JUnit's and in Allure's.
    """

    suite: "Suite"
    content: dict[str, Any]

    def take(self, content: dict[str, Any]) -> None:
        """The experiment's content; its tags become markers."""
        self.content = content
        tags = content.get("tags")
        for tag in tags if isinstance(tags, list) else ():
            marker = _NO_MARKER.sub("-", str(tag)).strip("_-")
            if marker and marker not in _OF_PYTEST:
                self.config.addinivalue_line("markers", f"{marker}: tag of an experiment")
                self.add_marker(marker)

    def setup(self) -> None:
        """Run it. Raises Unknown."""
        self.outcome = self.suite.run(self)
        if self.outcome.verdict == "INCONCLUSIVE":
            raise Unknown(self.outcome.text())

    def runtest(self) -> None:
        """Raises Unmet where a claim does not hold, or the run left no verdict."""
        if self.outcome.verdict != "PASS":
            raise Unmet(self.outcome.text())

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is, and its title."""
        return self.path, None, str(self.content["title"])
