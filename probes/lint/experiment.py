"""Rules for experiments: what would run, and prove nothing."""

import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from probes.lint.codes import Finding
from probes.lint.lines import Located
from probes.lint.tolerances import cannot_fail, reads_as_value

__all__ = ["claimed_recoveries", "lint_experiment"]

At = tuple[str | int, ...]
Broken = tuple[str, At, str]

CONTROL = "probes.control"
OURS = "probes."
UNDO = frozenset({"ensure_running", "undo"})
"""Break nothing; every other action of ours that names a service does."""
STRATEGIES = {
    "hypothesis": {"default", "before-method-only", "after-method-only", "during-method-only", "continuously", "skip"},
    "rollbacks": {"default", "always", "never", "deviated"},
}
LOOKS_TWICE = {"default", "continuously"}
_IMPORT_S = 30.0


def lint_experiment(path: Path, read: Located, services: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that is found in an experiment; `services` are those of the Compose file, where one is known."""
    content = read.value
    if not isinstance(content, dict) or not {"title", "method"} <= content.keys():
        yield Finding("E001", str(path), 1, "it is no mapping with a title and a method")
        return
    if refused := _refused(content):
        yield Finding("E002", str(path), 1, refused)
        return
    for code, at, what in _broken(content, services):
        yield Finding(code, str(path), read.line(*at), what)


def claimed_recoveries(read: Located) -> Iterator[tuple[str, float, str]]:
    """Each service whose recovery the experiment limits, the limit in seconds, and the experiment's title."""
    content = read.value if isinstance(read.value, dict) else {}
    for _, activity in _activities(content, "method"):
        limits: Any = _mapping(activity.get("tolerance")).get("range")
        if _func(activity) != ("probes.figures", "recovery_seconds") or not isinstance(limits, list):
            continue
        if limits and isinstance(limits[-1], int | float):
            yield _service(activity), float(limits[-1]), f"“{content.get('title')}”"


def _broken(content: Mapping[str, Any], services: Sequence[str]) -> Iterator[Broken]:
    yield from _controls(content)
    yield from _hypothesis(content)
    yield from _method(content)
    yield from _undo(content)
    yield from _runtime(content)
    for at, activity in _everywhere(content):
        if "tolerance" in activity and (why := cannot_fail(activity["tolerance"])):
            yield "E105", (*at, "tolerance"), f"the tolerance of “{activity.get('name')}” {why}"
        if reads_as_value(activity.get("tolerance")):
            yield "E113", (*at, "tolerance"), f"the tolerance of “{activity.get('name')}” is a text"
        service = _mapping(_mapping(activity.get("provider")).get("arguments")).get("service")
        if services and isinstance(service, str) and "${" not in service and service not in services:
            there = ", ".join(sorted(services))
            yield "E111", at, f"“{activity.get('name')}” names the service {service}; the file has {there}"


def _controls(content: Mapping[str, Any]) -> Iterator[Broken]:
    controls = content.get("controls")
    listed = [one for one in controls if isinstance(one, dict)] if isinstance(controls, list) else []
    ours = [one for one in listed if _mapping(one.get("provider")).get("module") == CONTROL and not one.get("scope")]
    if not ours:
        yield "E101", ("controls",), f"{CONTROL} is not declared"
    for number, control in enumerate(listed):
        module = _mapping(control.get("provider")).get("module")
        if isinstance(module, str) and module != CONTROL and (why := _cannot_be_imported(module)):
            yield (
                "E102",
                ("controls", number),
                f"the control {control.get('name')!r}: {module} cannot be imported: {why}",
            )


def _hypothesis(content: Mapping[str, Any]) -> Iterator[Broken]:
    if not _mapping(content.get("steady-state-hypothesis")).get("probes"):
        yield "E103", ("steady-state-hypothesis",), "there is no steady-state hypothesis"
    strategy = _runtime_of(content, "hypothesis").get("strategy", "default")
    if strategy in STRATEGIES["hypothesis"] - LOOKS_TWICE:
        yield "E103", ("runtime", "hypothesis", "strategy"), f"the strategy of the hypothesis is {strategy}"


def _method(content: Mapping[str, Any]) -> Iterator[Broken]:
    method = list(_activities(content, "method"))
    if not any(_is_fault(one) for _, one in method):
        yield "E104", ("method",), "no action of the method is one of ours"
    probes = [(at, one) for at, one in method if one.get("type") == "probe"]
    if not any("tolerance" in one for _, one in probes):
        yield "E112", ("method",), "no probe of the method has a tolerance"
    for at, activity in method:
        if activity.get("type") == "probe" and "tolerance" not in activity:
            yield "E106", at, f"“{activity.get('name')}” has no tolerance"
        if activity.get("type") == "action" and not _func(activity)[0].startswith(OURS):
            yield "E110", at, f"“{activity.get('name')}” is not ours"


def _undo(content: Mapping[str, Any]) -> Iterator[Broken]:
    undone = {_service(one) for _, one in _activities(content, "rollbacks") if _func(one)[0].startswith(OURS)}
    for at, activity in _activities(content, "method"):
        variable = any("${" in service for service in {_service(activity), *undone})  # what it is, only a run knows
        if _is_fault(activity) and _service(activity) not in undone and not (variable and undone):
            yield "E108", at, f"“{activity.get('name')}” is undone by no rollback"
    if _runtime_of(content, "rollbacks").get("strategy") != "always":
        yield "E109", ("rollbacks",), "the strategy of the rollbacks is not `always`"


def _runtime(content: Mapping[str, Any]) -> Iterator[Broken]:
    runtime = _mapping(content.get("runtime"))
    for part, settings in runtime.items():
        if part not in STRATEGIES:
            yield "E107", ("runtime", str(part)), f"runtime.{part}"
            continue
        for name, value in _mapping(settings).items():
            if name != "strategy":
                yield "E107", ("runtime", part, str(name)), f"runtime.{part}.{name}"
            elif value not in STRATEGIES[part]:
                told = f"runtime.{part}.strategy is {value!r}; known are {', '.join(sorted(STRATEGIES[part]))}"
                yield "E107", ("runtime", part, "strategy"), told


def _refused(content: dict[str, Any]) -> str | None:
    """What Chaos Toolkit itself says against it; it trips over some shapes, and that is a refusal too."""
    from copy import deepcopy  # noqa: PLC0415

    from chaoslib.experiment import ensure_experiment_is_valid  # noqa: PLC0415 - imports what the experiment names

    log = logging.getLogger("chaostoolkit")
    was, log.disabled = log.disabled, True  # it tells how it gets on
    try:
        ensure_experiment_is_valid(deepcopy(content))
    except Exception as error:  # noqa: BLE001 - whatever shape it trips over
        told = " ".join(str(error).split()) or type(error).__name__
        known = type(error).__module__.startswith("chaoslib")
        return told if known else f"a part of it has another shape than an experiment ({type(error).__name__}: {told})"
    finally:
        log.disabled = was
    return None


def _cannot_be_imported(module: str) -> str | None:
    """Try it in a process of its own: importing runs code."""
    command = [sys.executable, "-P", "-c", "import importlib, sys; importlib.import_module(sys.argv[1])", module]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_IMPORT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"its import does not end within {_IMPORT_S:g} s"
    lines = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else (lines[-1] if lines else f"it ends with {done.returncode}")


def _everywhere(content: Mapping[str, Any]) -> Iterator[tuple[At, Mapping[str, Any]]]:
    hypothesis = _mapping(content.get("steady-state-hypothesis"))
    for at, activity in _activities(hypothesis, "probes"):
        yield ("steady-state-hypothesis", *at), activity
    yield from _activities(content, "method")
    yield from _activities(content, "rollbacks")


def _activities(content: Mapping[str, Any], key: str) -> Iterator[tuple[At, Mapping[str, Any]]]:
    listed = content.get(key)
    for number, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield (key, number), one


def _func(activity: Mapping[str, Any]) -> tuple[str, str]:
    provider = _mapping(activity.get("provider"))
    return str(provider.get("module", "")), str(provider.get("func", ""))


def _is_fault(activity: Mapping[str, Any]) -> bool:
    module, func = _func(activity)
    return (
        activity.get("type") == "action" and module.startswith(OURS) and func not in UNDO and bool(_service(activity))
    )


def _service(activity: Mapping[str, Any]) -> str:
    return str(_mapping(_mapping(activity.get("provider")).get("arguments")).get("service", ""))


def _runtime_of(content: Mapping[str, Any], part: str) -> dict[str, Any]:
    return _mapping(_mapping(content.get("runtime")).get(part))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
