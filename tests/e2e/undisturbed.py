"""What the tests of whole experiments share: a run that the machine gave room to, and what a PASS is."""

from collections.abc import Callable
from typing import TypeVar

from harness import Run

Found = TypeVar("Found")


def undisturbed(once: Callable[[], Found], run_of: Callable[[Found], Run]) -> Found:
    """A run that the machine gave room to: made anew, twice at most, where the verdict itself says that it did not."""
    for _ in range(2):
        found = once()
        run = run_of(found)
        if run.directory is None or "the machine was too busy" not in run.said:
            return found
    return once()


def assert_pass(run: Run) -> None:
    assert run.code == 0, run.output
    assert run.verdict["verdict"] == "PASS", run.said
    assert [receipt["proved"] for receipt in run.verdict["receipts"]] == [True]
