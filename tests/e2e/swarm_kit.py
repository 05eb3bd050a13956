"""Three nodes of a swarm with our stack on them, and the manager's own word."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import ROOT, Bench

__all__ = ["manager", "three_nodes"]

NODES = ROOT / "stack" / "swarm" / "nodes"


@contextmanager
def three_nodes(folder: Path) -> Iterator[Bench]:
    """Our stack on three nodes of its own, taken down with them whatever happens."""
    # a socket's path may not be long
    with tempfile.TemporaryDirectory(prefix="stehauf-swarm-", dir="/tmp") as sockets:
        bench = Bench("swarm", folder)
        bench.environment |= {
            "STEHAUF_SWARM_MACHINES": f"stehauf-nodes-{os.getpid()}",
            "STEHAUF_SWARM_SOCKETS": sockets,
            "STEHAUF_SWARM_NET": "172.31.214",
        }
        try:
            made = nodes("up", bench)
            for line in made.splitlines():
                name, _, value = shlex.split(line)[1].partition("=")
                bench.environment[name] = value
            with bench.up():
                yield bench
        finally:
            nodes("down", bench)
    label = f"label=com.docker.compose.project=stehauf-nodes-{os.getpid()}"
    left = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", label],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert left.stdout == "", "no machine is left"


def nodes(what: str, bench: Bench) -> str:
    environment = {key: value for key, value in bench.environment.items() if key != "DOCKER_HOST"}
    done = subprocess.run([NODES, what], capture_output=True, text=True, check=False, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manager(bench: Bench, *arguments: str) -> str:
    """`docker` at the manager; what it said."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True, env=bench.environment, timeout=120
    )
    return done.stdout.strip()
