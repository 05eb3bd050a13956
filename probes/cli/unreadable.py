"""An experiment that Chaos Toolkit cannot even read ends in a sentence, where it would print a traceback.

It happens before any control is called, so this is the only place from which it can be told.
"""

import sys
import traceback
from types import FrameType, TracebackType

__all__ = ["install"]

_READERS = frozenset({"load_experiment", "ensure_experiment_is_valid", "cache_activities"})
"""Functions of chaoslib in which nothing but the file is at work."""


def install() -> None:
    """Stand in front of the present hook for uncaught exceptions."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        frames = list(traceback.walk_tb(trace))
        if isinstance(error, Exception) and _is_about_the_file(frames):
            source = next((frame.f_locals["source"] for frame, _ in frames if "source" in frame.f_locals), "the file")
            print(_sentence(str(source), error), file=sys.stderr)
        else:
            before(kind, error, trace)

    sys.excepthook = hook


def _is_about_the_file(frames: list[tuple[FrameType, int]]) -> bool:
    """Whether nothing but the file was at work: it was being read, or `chaos run` tripped before it ran anything."""
    names = {frame.f_code.co_name for frame, _ in frames}
    starts = any(frame.f_code.co_filename.endswith("chaostoolkit/commands/run.py") for frame, _ in frames)
    return bool(names & _READERS) or (starts and "run_experiment" not in names)


def _sentence(source: str, error: Exception) -> str:
    came = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, AttributeError | TypeError | KeyError | IndexError):
        came = f"it is no experiment, a part of it has another shape ({error})"
    return (
        f"Error: Tried to read the experiment {source}: {came}. Nothing was started. Give a .yaml, .yml or .json file "
        "that holds one mapping with a title and a method (experiments/kill-product.yaml shows how)"
    )
