"""`chaos` in this process, against a target in memory: all of Chaos Toolkit and of our control, and nothing running."""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from probes import control
from probes.run import session
from probes.targets.memory import MemoryTarget, Misbehaviour

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a library's own
    from chaostoolkit.cli import cli


def python(module: str, func: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": module, "func": func, "arguments": arguments}


VALID: dict[str, Any] = {
    "title": "echo crashes",
    "description": "and is brought back",
    "tags": ["crash"],
    "configuration": {"service": "echo", "limit": {"type": "env", "key": "NOT_SET", "default": "3"}},
    "controls": [{"name": "stehauf", "provider": {"type": "python", "module": "probes.control", "arguments": {}}}],
    "steady-state-hypothesis": {
        "title": "well",
        "probes": [
            {"name": "all", "type": "probe", "tolerance": True, "provider": python("probes.probes", "all_healthy")}
        ],
    },
    "method": [
        {"name": "crash", "type": "action", "provider": python("probes.actions", "crash", service="${service}")},
        {
            "name": "requests",
            "type": "probe",
            "tolerance": {"type": "range", "range": [0, 10]},
            "provider": python("probes.figures", "failed_requests"),
        },
        {"name": "base", "type": "probe", "tolerance": "b", "provider": python("os.path", "basename", p="/a/b")},
    ],
    "rollbacks": [
        {"name": "runs", "type": "action", "provider": python("probes.actions", "ensure_running", service="echo")}
    ],
    "runtime": {"rollbacks": {"strategy": "always"}},
    "extensions": [{"name": "stehauf", "translations": {"de": {"crash": "Absturz"}}}],
}


def chaos(*arguments: str) -> tuple[Result, str]:
    """`chaos`, and what it says on an error that nobody caught."""
    result = CliRunner().invoke(cli, ["--no-version-check", "--no-log-file", *arguments])
    said = result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        kind, error, trace = result.exc_info or (None, None, None)
        with pytest.MonkeyPatch.context() as patched:
            caught: list[str] = []
            patched.setattr(sys.stderr, "write", caught.append)
            sys.excepthook(kind, error, trace)  # type: ignore[arg-type]
            said += "".join(caught)
    return result, said


def in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryTarget:
    """A target that is up, for runs whose files lie in `folder`; its restart policy does not act."""
    monkeypatch.setenv("STEHAUF_RUNS", str(folder / "runs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.chdir(folder)
    target = MemoryTarget(time.time_ns, misbehaviour=Misbehaviour(restarts=False))
    target.up(lambda _line: None)
    monkeypatch.setattr(session, "open_target", lambda *_given, **_more: (target, "a test"))
    monkeypatch.setattr(control, "_conductor", None)
    return target


def written(experiment: Any, folder: Path) -> str:
    """The experiment as a file; its path."""
    file = folder / "experiment.json"
    file.write_text(json.dumps(experiment), encoding="utf-8")
    return str(file)
