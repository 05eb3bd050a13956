"""What our control adds to `chaos run`: an experiment of nothing, the stack up, with it and without it in turns."""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.table import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))  # brings a stack up on free ports

from harness import Bench

AIM_S = 1.0
ROUNDS = 5


def _nothing(*, recorded: bool) -> dict[str, Any]:
    probe = {"name": "nothing", "type": "probe", "tolerance": 0, "provider": {"type": "process", "path": "true"}}
    control = {"name": "stehauf", "provider": {"type": "python", "module": "probes.control"}}
    return {
        "title": "nothing",
        "description": "nothing is done",
        "controls": [control] if recorded else [],
        "steady-state-hypothesis": {"title": "nothing", "probes": [probe]},
        "method": [probe],
        "rollbacks": [],
    }


def measure() -> list[Row]:
    """Seconds of a whole `chaos run` process, the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="stehauf-benchmark-") as folder, Bench("embedded", Path(folder)).up() as up:
        paths = {key: str(up.write(_nothing(recorded=key), f"{key}.json")) for key in (True, False)}
        times: dict[bool, list[float]] = {True: [], False: []}
        for number in range(ROUNDS + 1):
            for key, path in paths.items():
                began = time.perf_counter()
                run = up.chaos("run", path)
                took = time.perf_counter() - began
                if (run.directory is not None) is not key:
                    raise RuntimeError(f"the run was not as it should be: {run.output[-300:]}")
                if number:  # the first fills the page cache
                    times[key].append(took)
    mine, theirs = (statistics.median(times[key]) for key in (True, False))
    met = mine - theirs <= AIM_S
    what = "chaos run of no-ops with our control, stack up"
    return [Row(what, "the same without the control", mine, theirs, "s", f"≤ {AIM_S:g} s more", met)]
