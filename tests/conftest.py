"""Which tests this machine can run: those of a missing target skip with the reason, or fail where it is required."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

LONG = Path(__file__).with_name("long.txt")


@cache
def _docker() -> str | None:
    try:
        for command in (["docker", "version"], ["docker", "compose", "version"]):
            done = subprocess.run(command, capture_output=True, timeout=20, check=False, text=True)
            if done.returncode != 0:
                return f"'{' '.join(command)}' failed: {done.stderr.strip()[:200]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no Docker engine: {error}"
    return None


def _embedded() -> str | None:
    return None if shutil.which("bash") else "no bash for the health checks"


def _browser() -> str | None:
    return None if shutil.which("chromium") else "no chromium"


def _prometheus() -> str | None:
    missing = [name for name in ("prometheus", "promtool") if not shutil.which(name)]
    return f"no {' and no '.join(missing)}: apt-get install prometheus" if missing else None


MISSING: dict[str, Callable[[], str | None]] = {
    "docker": _docker,
    "embedded": _embedded,
    "browser": _browser,
    "prometheus": _prometheus,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-targets",
        default="",
        metavar="A,B",
        help=f"fail instead of skip where one of these is missing: {', '.join(MISSING)}",
    )
    parser.addoption("--long", action="store_true", help="run the tests that tests/long.txt names, and only those")


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background job ignores SIGINT and hands that down to every process under test, which some
    # tests interrupt as a terminal would.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    unknown = set(_required(config)) - set(MISSING)
    if unknown:
        raise pytest.UsageError(f"--require-targets knows {', '.join(MISSING)}, not {', '.join(sorted(unknown))}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _keep_to_the_clock(config, items)
    reasons = {name: look() for name, look in MISSING.items()}
    for item in items:
        for name, reason in reasons.items():
            if reason and item.get_closest_marker(name) and name not in _required(config):
                item.add_marker(pytest.mark.skip(reason=f"{name}: {reason}"))


def _keep_to_the_clock(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes too long for every change, or with --long all the rest."""
    named = [line for line in LONG.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    is_long = bool(config.getoption("--long"))
    left_out = [item for item in items if any(fnmatchcase(item.nodeid, name) for name in named) != is_long]
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in _required(item.config):
        if item.get_closest_marker(name) and (reason := MISSING[name]()):
            pytest.fail(f"{name} is required and missing: {reason}", pytrace=False)


def _required(config: pytest.Config) -> list[str]:
    return [name for name in str(config.getoption("--require-targets")).split(",") if name]
