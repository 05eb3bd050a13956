"""The canary's command line."""

import argparse
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common import refusal

__all__ = ["Options", "Target", "parse"]

_TARGET = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)=(?P<url>.+?)(?:,timeout=(?P<timeout>[^,]*))?")


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked, under which name."""

    name: str
    url: str
    timeout_s: float = 1.0
    keep_contents: bool = False
    degraded_header: tuple[str, str] = ("X-Degraded", "true")
    """Name and value of the header by which a fallback says what it is; an empty value: any."""
    degraded_body: bytes = b""
    """Part of the body by which it says so; empty: none."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    evidence: Path
    targets: tuple[Target, ...]
    rate: float
    """Requests a second to each target."""
    duration_s: float | None
    drop_keys: frozenset[str]
    parent: int | None
    """The pid to die with; 0: whoever started us; None: nobody."""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line. Raises ValueError with a sentence for the user, SystemExit from argparse."""
    given = _parser().parse_args(arguments)
    targets = tuple(_marked(_target(text, given.keep_contents), given) for text in given.target)
    marked = [text.partition("=")[0] for text in [*given.degraded_header, *given.degraded_body]]
    _check_names([target.name for target in targets], [*given.keep_contents, *marked])
    for target in targets:
        if sentence := refusal(target.url, given.allow_host):
            raise ValueError(sentence)
    return Options(
        evidence=given.evidence,
        targets=targets,
        rate=given.rate,
        duration_s=given.duration,
        drop_keys=frozenset(given.drop_key),
        parent=given.die_with_parent,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="canary.py",
        description="Asks each target at fixed times, whatever became of earlier requests, and records.",
        epilog="Exit codes: 0 ended or stopped, 2 refused, 3 failed (its evidence is incomplete).",
    )
    add = parser.add_argument
    add("--evidence", type=Path, required=True, metavar="DIR", help="folder for the samples")
    add("--target", action="append", required=True, metavar="NAME=URL[,timeout=S]", help="repeatable")
    add("--rate", type=_positive, default=50.0, help="requests a second to each target (default 50)")
    add("--duration", type=_positive, metavar="S", help="seconds; without it, until stopped")
    add("--keep-contents", action="append", default=[], metavar="NAME", help="keep this target's bodies")
    add("--degraded-header", action="append", default=[], metavar="NAME=HEADER[: VALUE]", help="mark of a fallback")
    add("--degraded-body", action="append", default=[], metavar="NAME=TEXT", help="the same, in the body")
    add("--drop-key", action="append", default=[], metavar="KEY", help="left out of bodies, at any depth")
    add("--allow-host", action="append", default=[], metavar="HOST", help="a host beyond loopback")
    add("--die-with-parent", nargs="?", type=int, const=0, metavar="PID", help="stop when it ends")
    return parser


def _target(text: str, kept: Sequence[str]) -> Target:
    match = _TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"--target {text!r} is not understood: write NAME=URL or NAME=URL,timeout=0.15.")
    try:
        timeout_s = _positive("1" if match["timeout"] is None else match["timeout"])
    except ValueError:
        raise ValueError(f"--target {text!r}: the time-out has to be a number of seconds above 0.") from None
    return Target(match["name"], match["url"], timeout_s, match["name"] in kept)


def _marked(target: Target, given: argparse.Namespace) -> Target:
    """With the marks of its fallback, where it has some of its own."""
    headers, bodies = (dict(text.split("=", 1) for text in listed if "=" in text) for listed in
                       (given.degraded_header, given.degraded_body))  # fmt: skip
    if target.name in headers:
        name, _, value = headers[target.name].partition(":")
        target = replace(target, degraded_header=(name.strip(), value.strip()))
    return replace(target, degraded_body=bodies.get(target.name, "").encode())


def _check_names(names: Sequence[str], kept: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"Two targets have the same name: {', '.join(names)}. Give each a name of its own.")
    if unknown := sorted(set(kept) - set(names)):
        raise ValueError(f"{', '.join(unknown)}: no such target; there are {', '.join(names)}.")


def _positive(text: str) -> float:
    number = float(text)
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(text)
    return number


_positive.__name__ = "number above 0"  # argparse puts the name into its message
