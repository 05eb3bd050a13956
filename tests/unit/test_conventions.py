"""How the house is built, held as tests."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("probes", "reports", "stack", "loadtest")
MAY_USE = {"probes": {"reports"}, "loadtest": {"reports"}, "reports": set(), "stack": set()}


def sources(room: str) -> list[Path]:
    return [path for path in (ROOT / room).rglob("*.py") if "wheelhouse" not in path.parts]


def imported(path: Path) -> set[str]:
    """Dotted names of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    """probes may use reports, loadtest the evidence format; reports and stack use none of the others."""
    assert sources(room)
    for path in sources(room):
        used = {name.split(".")[0] for name in imported(path)} & set(ROOMS) - {room}
        assert used <= MAY_USE[room], f"{path.relative_to(ROOT)} imports {used}"


def test_loadtest_uses_nothing_but_the_evidence_format() -> None:
    for path in sources("loadtest"):
        ours = {name for name in imported(path) if name.split(".")[0] == "reports"}
        assert all(name.startswith("reports.evidence") for name in ours), path


def test_locust_is_never_imported_where_the_experiment_runs() -> None:
    for path in [*sources("probes"), *sources("reports")]:
        assert not any(name.split(".")[0] in ("locust", "gevent") for name in imported(path)), path


@pytest.mark.parametrize("room", [*ROOMS, "tests", "benchmarks"])
def test_no_room_is_longer_than_300_lines(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


def test_the_environment_is_read_at_one_door() -> None:
    for path in sources("probes"):
        if path.name == "settings.py":
            continue
        reads = [
            node
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        ]
        assert not reads or "targets" in path.parts, f"{path}: settings enter through probes/settings.py"


def test_probes_know_no_service_of_the_demo_stack_by_name() -> None:
    """It stands for the user's own system."""
    for path in sources("probes"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in (
                "storefront",
                "product",
                "fulfilment",
                "broker",
            ):
                raise AssertionError(f"{path}:{node.lineno} names {node.value}")


def test_a_wait_with_a_time_limit_does_not_forget_that_it_was_cancelled() -> None:
    """Python 3.11's `asyncio.wait_for` does, where what it waits for comes in the same moment; `timeout` does not."""
    for room in ("probes", "reports", "loadtest", "stack"):
        for path in sources(room):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.wait_for"), path


def test_what_is_run_by_path_travels_in_the_wheel() -> None:
    """Every file of the rooms that are data there; a new folder is easily forgotten."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = [pattern for listed in settings["data-files"].values() for pattern in listed]
    carried = {path for pattern in patterns for path in ROOT.glob(pattern)}
    made = {"wheelhouse", "debs", "__pycache__", ".mypy_cache", ".ruff_cache"}
    needless = {ROOT / "experiments" / "README.md", ROOT / "stack" / "monitoring" / "dashboard.py"}
    there = {
        path
        for room in ("stack", "loadtest", "experiments")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not made & set(path.parts)
    }
    assert there - carried == needless


def test_no_process_of_ours_looks_for_modules_in_the_current_folder() -> None:
    """A user's own repository may have packages of the same names there: with -P nobody looks at it."""
    for path in [*sources("probes"), *sources("reports")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) < 2:
                continue
            first, second = node.elts[:2]
            runs_python = isinstance(first, ast.Attribute) and first.attr == "executable"
            if runs_python and isinstance(second, ast.Constant) and str(second.value).startswith("-"):
                assert second.value == "-P", f"{path}:{node.lineno} runs Python without -P"
