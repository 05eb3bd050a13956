import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import ROOT, Bench, Run, undisturbed
from swarm_kit import three_nodes

sys.path.insert(0, str(Path(__file__).parent))

NOBODY = "http://127.0.0.1:9"


def _pythons() -> dict[str, Path]:
    """The Python that runs the tests, and one of the other line of Chaos Toolkit (3.12 or newer) where it is there."""
    found = {"this": Path(sys.executable)}
    if sys.version_info >= (3, 12):
        return found
    pyenv = sorted(Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python3"))
    on_path = [Path(path) for name in ("python3.13", "python3.12") if (path := shutil.which(name))]
    for python in [*pyenv, *on_path]:
        if subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0:
            return {**found, "newer": python}
    return found


@pytest.fixture(scope="session", params=["this", "newer"])
def python(request: pytest.FixtureRequest) -> Path:
    """A Python with Stehauf installed: this one (Chaos Toolkit's line for 3.11), and a newer one."""
    pythons = _pythons()
    if request.param not in pythons:
        pytest.skip("no Python 3.12 or newer beside this one: the other line of Chaos Toolkit cannot be tried")
    if request.param == "this":
        return pythons["this"]
    folder = ROOT / ".venv-newer"
    subprocess.run(["make", "install", f"VENV={folder}", f"PYTHON={pythons['newer']}"], cwd=ROOT, check=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Our stack as processes, up for the whole session."""
    with Bench("embedded", tmp_path_factory.mktemp("embedded")).up() as bench:
        yield bench


@pytest.fixture(scope="session")
def killed(embedded: Bench) -> Run:
    """kill-product.yaml, run as .yml on the embedded target, with a Grafana that is away; its evidence is only read."""
    path = embedded.folder / "kill-product.yml"
    path.write_bytes((ROOT / "experiments" / "kill-product.yaml").read_bytes())
    return undisturbed(lambda: embedded.chaos("run", str(path), STEHAUF_GRAFANA=NOBODY), lambda run: run)


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Our stack on Docker, up for the whole session."""
    with Bench("docker", tmp_path_factory.mktemp("docker")).up() as bench:
        yield bench


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Our stack on three nodes of its own, up for the whole session."""
    with three_nodes(tmp_path_factory.mktemp("swarm")) as bench:
        yield bench


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """A stack that nobody brought up."""
    return Bench(getattr(request, "param", "embedded"), tmp_path)
