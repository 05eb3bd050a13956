"""Whatever an experiment looks like: a sentence and a non-zero exit, or a run; never a traceback, no fault left behind.

The run is Chaos Toolkit's own `chaos run`, our control and all; only the target is in memory. Its restart policy does
not act, so that a fault which nobody undid is seen.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_memory import VALID, chaos, in_memory, written

from probes.run.ledger import Ledger

ODD = st.sampled_from(
    [
        *(
            None,
            "",
            "x",
            "${nowhere}",
            "${service}",
            0,
            -1,
            1.5,
            True,
            False,
            [],
            {},
            [[]],
            [None],
            {"a": None},
            [1, 2, 3],
        ),
        *(float("nan"), "\x00", "ü" * 300, {"type": "range"}, {"type": "regex", "pattern": "("}, {"type": "probe"}),
        *({"type": "jsonpath", "path": "$["}, "probes.nowhere", "probes.errors", {"type": "env", "key": "NOT_SET"}),
    ]
)
KEYS = st.sampled_from(["", "a", "type", "name", "scope", "tolerance", "configuration", "dry", "${service}", "ref"])


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        yield (*at, key)
        yield from places(item, (*at, key))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The valid experiment with one to three things changed, taken away, renamed or doubled."""
    experiment = deepcopy(VALID)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(places(experiment))))
        parent: Any = experiment
        for key in place[:-1]:
            parent = parent[key]
        change, key = draw(st.sampled_from(["set", "drop", "rename", "double"])), place[-1]
        if change == "set":
            parent[key] = draw(ODD)
        elif change == "drop":
            del parent[key]
        elif isinstance(parent, list):
            parent.append(deepcopy(parent[key]))
        else:
            parent[draw(KEYS) if change == "rename" else key] = parent.pop(key)
        if not list(places(experiment)):
            break
    return experiment


def run_all(experiment: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str]]:
    """What each command says of the experiment, and its exit code; checks what all of them have in common."""
    target, file = in_memory(folder, monkeypatch), written(experiment, folder)
    told = {}
    for command in ("validate", "lint", "run"):
        result, said = chaos(command, file)
        assert "Traceback" not in said, said
        assert result.exit_code == 0 or said.strip(), command
        told[command] = (result.exit_code, said)
    left = {instance.service: instance.state for name in target.services() for instance in target.instances(name)}
    assert left == {"echo": "running", "other": "running"}
    assert list(Ledger(folder / "state" / "stehauf", target.name, target.project)) == []
    return told


def test_the_experiment_that_is_mutated_really_breaks_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run_all(VALID, tmp_path, monkeypatch)
    assert [code for code, _ in told.values()] == [0, 0, 1]
    assert "Fault: echo was made to crash" in told["run"][1]
    assert "Undo: echo: was stopped after crash" in told["run"][1]
    assert "Verdict: " in told["run"][1]


@pytest.mark.parametrize("runtime", [{"hypothesis": {"strategy": "x"}}, [1], {"rollbacks": 1}, "x"])
def test_a_runtime_of_another_shape_ends_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: object
) -> None:
    told = run_all({**VALID, "runtime": runtime}, tmp_path, monkeypatch)
    assert told["run"][0] != 0


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(experiment=mutated())
def test_a_mutated_experiment_ends_in_words(
    experiment: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run_all(experiment, tmp_path, monkeypatch)
    if told["validate"][0] != 0:
        assert told["lint"][0] != 0, experiment
        assert told["run"][0] != 0, experiment
