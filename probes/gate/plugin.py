"""The pytest plugin: `pytest experiments/` runs experiments as tests, one test an experiment.

It is loaded wherever Stehauf is installed, so it stays out of every other pytest run: it looks only at YAML and
JSON files that are named on the command line, or lie directly in a folder that is named there, and its options give
way to those of a user's own conftest.py.
"""

import argparse
import re
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from probes.gate.suite import Suite  # noqa: F401 - in the text of a type

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
OPTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("--target", {"metavar": "NAME", "help": "docker, embedded or swarm; the gate must be told (or: STEHAUF_TARGET)"}),
    ("--trials", {"metavar": "N", "type": int, "default": 1, "help": "runs of each experiment; each must PASS"}),
    (
        "--stacks",
        {"metavar": "N", "type": int, "default": 1, "help": "run up to N side by side, on stacks of their own"},
    ),
    ("--lang", {"metavar": "LANG", "help": "language of the reports: en or de"}),
    (
        "--prove",
        {"action": "store_true", "help": "then take each mechanism away: an experiment that names it must notice"},
    ),
    ("--budget", {"metavar": "FILE", "help": "YAML file with figures that the whole suite must keep"}),
)
_KEYS = tuple(
    re.compile(rf"""(?:^|[{{,\s])["']?{key}["']?\s*:""", re.MULTILINE) for key in ("title", "method", "provider")
)
"""What no other file has all of: fixtures of a test may well hold requests with a method and a title."""
_SUITE = pytest.StashKey["Suite"]()


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> None:
    """Add our options after everybody else's: where a name is taken, it stays with whoever took it."""
    group = parser.getgroup("stehauf", "chaos experiments as tests (Stehauf)")
    for name, details in OPTIONS:
        try:
            group.addoption(name, dest=f"stehauf_{name[2:]}", **details)
        except (ValueError, argparse.ArgumentError):
            continue


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect an experiment that was named, or lies in a folder of experiments that was named."""
    if file_path.suffix not in SUFFIXES or not _is_asked_for(file_path, parent.config):
        return None
    from probes.gate.collecting import ExperimentFile  # noqa: PLC0415 - see the package's docstring

    return ExperimentFile.from_parent(parent, path=file_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Make the suite of what was selected; refuse one that was not told its target."""
    if not any(_is_asked_for(item.path, config) for item in items if item.path.suffix in SUFFIXES):
        return
    from probes.gate.collecting import Experiment  # noqa: PLC0415
    from probes.gate.suite import Suite  # noqa: PLC0415

    experiments = [item for item in items if isinstance(item, Experiment)]
    if not experiments or config.option.collectonly:
        return
    suite = config.stash[_SUITE] = Suite.of(session, experiments)
    items += suite.more_items()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was begun is undone


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what did not pass be told in its own words: where a test is set up, pytest would show our traceback."""
    report = yield
    if _SUITE in item.config.stash and call.excinfo is not None:
        from probes.gate.outcome import NotPassed  # noqa: PLC0415

        if isinstance(call.excinfo.value, NotPassed):
            report.longrepr = str(call.excinfo.value)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the stack down, if the suite brought it up, and write what came of the suite."""
    suite = session.config.stash.get(_SUITE, None)
    if suite is not None:
        suite.finish()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say each verdict, and where the reports are."""
    suite = config.stash.get(_SUITE, None)
    if suite is not None:
        terminalreporter.section("chaos experiments")
        for line in suite.summary():
            terminalreporter.line(line)


def _is_asked_for(path: Path, config: pytest.Config) -> bool:
    """Whether a file was named, or lies in a folder of experiments that was.

    There every YAML and JSON file has to be one: so an experiment that was emptied, or broken beyond recognition,
    is noticed, and not left out.
    """
    named = set(_named(config))
    return path in named or (path.parent in named and any(map(_is_one, path.parent.iterdir())))


def _is_one(path: Path) -> bool:
    if path.suffix not in SUFFIXES or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return all(key.search(text) for key in _KEYS)


def _named(config: pytest.Config) -> Iterator[Path]:
    """The files and folders on the command line, or in the setting `testpaths`; not the folder pytest starts in."""
    if config.args_source is not pytest.Config.ArgsSource.INVOCATION_DIR:
        for argument in config.args:
            yield (config.invocation_params.dir / argument.partition("::")[0]).resolve()
