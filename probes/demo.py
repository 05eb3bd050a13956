"""The scenes of a demonstration: pauses with a name, so that everything is recorded and judged like any run."""

import logging
import time
from pathlib import Path

from probes.errors import ConfigurationError
from probes.run.session import current

__all__ = ["scene"]

logger = logging.getLogger("chaostoolkit")

_LOOK_S = 0.1


def scene(name: str, seconds: float, cues: str = "") -> float:
    """Let a presenter speak: nothing happens for a while.

    Args:
        name: of the scene, as it is told to the presenter.
        seconds: how long it lasts; 0 without `cues` leaves it out.
        cues: folder in which a file of the scene's name ends it, instead of the seconds; empty: no such folder.

    Returns:
        The seconds that it took.

    Raises:
        ConfigurationError: the seconds are no number, or no run is being recorded.
        RecordingFailed: the evidence cannot be complete any more.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ConfigurationError(f"scene: seconds reads {seconds!r}; it takes seconds, 0 or more")
    session = current()
    begun = time.monotonic()
    if seconds:
        logger.info("Scene: %s", name)
        while not _is_over(name, begun + seconds, cues):
            session.check()
            time.sleep(_LOOK_S)
    return time.monotonic() - begun


def _is_over(name: str, until: float, cues: str) -> bool:
    return (Path(cues) / name).exists() if cues else time.monotonic() >= until
