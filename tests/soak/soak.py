"""Kills runs of random experiments at random moments, and compares what is left with a snapshot from before.

`make soak ROUNDS=50`, or `python tests/soak/soak.py --rounds 50 [--seed N]`. On Docker, with a stack of its own.
Each round: an experiment is started, SIGKILL after a random time, then nobody does anything but its watchdog. How long
until `chaos heal --check` finds nothing is measured, and containers, limits, networks, rules and queueing disciplines
are compared. Exit code 1 where anything differs.
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from harness import ROOT, Bench, eventually, leftovers
from snapshot import state_of

EXPERIMENTS = sorted(path for path in (ROOT / "experiments").iterdir() if path.suffix in {".yaml", ".json"})
HEALED_S = 90.0
"""What was broken must be clean and well again within this time."""


@dataclass(frozen=True)
class Round:
    """What became of one."""

    killed: bool
    """False: it had ended by itself before."""
    clean_s: float
    """From the kill until `chaos heal --check` found nothing."""
    wrong: str
    """What is not as before; empty: nothing."""


def one_round(bench: Bench, choice: random.Random, before: object) -> Round:
    """Kill one run, and wait until all is as before."""
    path, wait_s = choice.choice(EXPERIMENTS), choice.uniform(1, 25)
    with bench.started("run", str(path)) as process:
        deadline = time.monotonic() + wait_s
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        ended = process.poll() is not None
        process.kill()
        process.wait()
    killed = time.monotonic()
    clean = eventually(lambda: bench.chaos("heal", "--check").code == 0, within=HEALED_S)
    healed_s = time.monotonic() - killed
    told = f"{path.name:32} {'ended' if ended else f'killed after {wait_s:4.1f} s'}, clean after {healed_s:.1f} s"
    well = eventually(lambda: "unhealthy" not in (said := bench.chaos("stack", "status").output)
                      and said.count(" healthy") >= 5, within=HEALED_S)  # fmt: skip
    same = eventually(lambda: state_of(bench.project) == before, within=HEALED_S)
    loads = eventually(lambda: leftovers(bench) == [])
    wrong = [name for name, good in (("heal", clean), ("health", well), ("state", same), ("load", loads)) if not good]
    print(f"{told}{'' if not wrong else '  WRONG: ' + ', '.join(wrong)}", flush=True)
    return Round(not ended, healed_s, ", ".join(wrong))


def main() -> int:
    """All rounds; 1 where one left something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="to repeat a soak")
    options = parser.parse_args()
    print(f"seed {options.seed}, {len(EXPERIMENTS)} experiments")
    choice = random.Random(options.seed)
    with (
        tempfile.TemporaryDirectory(prefix="stehauf-soak-") as folder,
        Bench("docker", Path(folder)).up("--own-disk", "broker") as bench,
    ):
        before = state_of(bench.project)
        rounds = [one_round(bench, choice, before) for _ in range(options.rounds)]
    killed = [each for each in rounds if each.killed]
    wrong = [each for each in rounds if each.wrong]
    longest_s = max((each.clean_s for each in killed), default=0.0)
    print(f"{len(rounds) - len(wrong)} of {len(rounds)} left everything as before")
    print(f"{len(killed)} were killed in the middle; the longest took {longest_s:.1f} s to be clean")
    return 1 if wrong or not killed else 0


if __name__ == "__main__":
    sys.exit(main())
