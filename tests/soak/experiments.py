"""Runs every experiment several times on Docker, and says what each came to.

`make experiments ROUNDS=10`, or `python tests/soak/experiments.py --rounds 10 [NAME ...]`, with a stack of its own.
The demonstration is the short one. Of a run that did not pass, the folder is kept in reports/runs.
Exit code 1 where one was anything but PASS, or was not run so often.
"""

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from harness import ROOT, Bench

from probes.demonstration.timing import seconds

EXPERIMENTS = sorted(path for path in (ROOT / "experiments").iterdir() if path.suffix in {".yaml", ".json"})

LONGEST_S = 300.0
SCENES = {f"STEHAUF_DEMO_{name.upper()}_S": str(length) for name, length in seconds(fast=True, short=True).items()}


def once(bench: Bench, path: Path) -> str:
    """The verdict of one run; its reasons are printed where it is no PASS."""
    try:
        run = bench.chaos("run", str(path), timeout=LONGEST_S, **SCENES)
    except subprocess.TimeoutExpired:
        print(f"{path.name:32} did not end within {LONGEST_S:g} s", flush=True)
        return "no end"
    if run.directory is None:
        print(run.output)
        return "no verdict"
    verdict = str(run.verdict["verdict"])
    print(f"{path.name:32} {verdict}", flush=True)
    for reason in run.verdict["reasons"]:
        print(f"    {reason['sentence']}", flush=True)
    if verdict != "PASS":
        kept = shutil.copytree(run.directory, ROOT / "reports" / "runs" / run.directory.name)
        print(f"    {kept}", flush=True)
    return verdict


def main() -> int:
    """All of them; 1 where one did not pass."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("names", nargs="*", help="names of files without their endings; none: all")
    options = parser.parse_args()
    chosen = [path for path in EXPERIMENTS if not options.names or path.stem in options.names]
    with (
        tempfile.TemporaryDirectory(prefix="stehauf-experiments-") as folder,
        Bench("docker", Path(folder)).up("--own-disk", "broker") as up,
    ):
        found = rounds(up, chosen, options.rounds)
    for path, verdicts in found.items():
        print(f"{path.name:32} " + ", ".join(f"{count} {name}" for name, count in verdicts.items()))
    wanted = {path: Counter(PASS=options.rounds) for path in chosen}
    return 0 if found == wanted else 1


def rounds(bench: Bench, paths: list[Path], number: int) -> dict[Path, Counter[str]]:
    """Each round has every experiment once, so that what was interrupted has seen them all about as often."""
    found: dict[Path, Counter[str]] = {path: Counter() for path in paths}
    try:
        for _, path in itertools.product(range(number), paths):
            found[path][once(bench, path)] += 1
    except KeyboardInterrupt:
        print("Interrupted; so far:")
    return found


if __name__ == "__main__":
    sys.exit(main())
