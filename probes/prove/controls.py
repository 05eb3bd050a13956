"""Mechanisms that can be taken away, and the experiments that say they would notice: their negative controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from probes.assets import asset
from probes.errors import ConfigurationError

__all__ = ["Mechanism", "Subject", "mechanisms", "subject"]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Something that keeps the demo stack well, and the Compose overlay that takes it away."""

    name: str
    title: Mapping[str, str]
    """What is the case without it, by language."""
    overlay: Path


@dataclass(frozen=True, slots=True)
class Subject:
    """An experiment, and which of its claims notice the loss of which mechanism."""

    path: Path
    name: str
    controls: Mapping[str, tuple[str, ...]]


def mechanisms(named: Sequence[str] = ()) -> dict[str, Mechanism]:
    """By name; all, or those named. Raises ConfigurationError that lists what there is."""
    there = {path.stem: path for path in sorted(asset("stack/mechanisms").glob("*.yaml"))}
    if unknown := sorted(set(named) - there.keys()):
        raise ConfigurationError(f"There is no mechanism {', '.join(unknown)}; there are {', '.join(there)}")
    wanted = [name for name in there if not named or name in named]
    return {name: Mechanism(name, _title(there[name]), there[name]) for name in wanted}


def subject(path: Path, content: Mapping[str, Any]) -> Subject:
    """The negative controls that an experiment names. Raises ConfigurationError."""
    controls = {name: _listed(claims) for name, claims in _declared(path, content).items()}
    claims, known = _claims(content), mechanisms()
    for name, expected in controls.items():
        if name not in known:
            raise ConfigurationError(
                f"{path} names the negative control {name!r}, and no such mechanism can be taken away; there are "
                f"{', '.join(known)}"
            )
        if not expected or (missing := [claim for claim in expected if claim not in claims]):
            raise ConfigurationError(
                f"{path} says that {name} is noticed by {', '.join(map(repr, missing if expected else ('nothing',)))}, "
                f"which is no claim of it; its claims are: {'; '.join(claims)}"
            )
    return Subject(path, path.stem, controls)


def _declared(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    extensions = content.get("extensions")
    ours = [one for one in extensions if isinstance(one, dict)] if isinstance(extensions, list) else []
    found: Any = next((one["negative_controls"] for one in ours if "negative_controls" in one), {})
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"{path}: negative_controls reads {found!r}; it maps a mechanism to the claim that notices its loss"
        )
    return {str(name): claims for name, claims in found.items()}


def _claims(content: Mapping[str, Any]) -> list[str]:
    hypothesis = content.get("steady-state-hypothesis")
    probes = hypothesis.get("probes") if isinstance(hypothesis, dict) else None
    listed = [*(probes if isinstance(probes, list) else ()), *(content.get("method") or ())]
    return [str(one.get("name")) for one in listed if isinstance(one, dict) and "tolerance" in one]


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()


def _title(path: Path) -> dict[str, str]:
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("x-title")
    return {str(lang): str(text) for lang, text in found.items()} if isinstance(found, dict) else {"en": path.stem}
