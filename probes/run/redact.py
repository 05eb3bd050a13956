"""Keeps secrets out of the evidence: each value that is one becomes `***`, wherever it stands.

Chaos Toolkit resolves secrets into arguments, and an exception or an output can echo them into its journal.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from reports.evidence.jsonl import plain
from reports.evidence.secrets import MASK, is_secret_name

__all__ = ["MASK", "Redactor", "is_secret_name"]

SHORTEST = 4
"""Characters of a secret that is also looked for inside of other texts; a shorter one only as a whole value."""
TEXTS = {".json", ".jsonl", ".log", ".html", ".csv", ".txt"}


class Redactor:
    """Replaces values. Safe to share between threads."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        whole = {value for value in values if value and value != MASK}
        long = {form for value in whole if len(value) >= SHORTEST for form in _forms(value)}
        self._whole = whole
        pattern = "|".join(re.escape(form) for form in sorted(long, key=len, reverse=True))
        self._inside = re.compile(pattern) if pattern else None

    @classmethod
    def of(cls, experiment: Mapping[str, Any], configuration: Mapping[str, Any], secrets: Any) -> "Redactor":
        """For every secret as resolved, and every value of the configuration whose name, or variable's, is one's."""
        declared = experiment.get("configuration")
        declared = declared if isinstance(declared, Mapping) else {}
        named = [
            value
            for name, value in configuration.items()
            if is_secret_name(name) or is_secret_name(_variable(declared.get(name)))
        ]
        literal = experiment.get("secrets")
        return cls([*_leaves(secrets), *_leaves(named), *_literals(literal)])

    def __call__(self, value: Any) -> Any:
        """`value` as JSON can hold it, without the secrets in it: keys, texts, and numbers that are one."""
        return self._masked(plain(value)) if self._whole else value

    def text(self, text: str) -> str:
        """A text without the secrets in it."""
        if text in self._whole:
            return MASK
        return self._inside.sub(MASK, text) if self._inside else text

    def sweep(self, directory: Path) -> None:
        """Go over the text files that others wrote into the run: the load's logs, what the canary kept.

        Raises OSError.
        """
        if self._inside is None:
            return
        for path in sorted(directory.rglob("*")):
            if path.suffix in TEXTS and path.is_file():
                before = path.read_bytes().decode("utf-8", "surrogateescape")
                after = self._inside.sub(MASK, before)
                if after != before:
                    path.write_bytes(after.encode("utf-8", "surrogateescape"))

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return MASK if is_number and str(value) in self._whole else value


def _forms(value: str) -> set[str]:
    """How a secret can be written: as it is, escaped for JSON or Python, in a URL, in base64."""
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    coded = {quote(value), quote(value, safe=""), quote_plus(value)}
    return {value, *escaped, *coded, base64.b64encode(value.encode()).decode()}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _literals(value: Any) -> Iterator[str]:
    """Secrets that stand in the experiment itself; `type` and `key` say where to find one, and are none."""
    if not isinstance(value, Mapping):
        if isinstance(value, str):
            yield value
        return
    where = value.get("type") in ("env", "vault")
    for key, item in value.items():
        if not (where and key in ("type", "key", "path")):
            yield from _literals(item)


def _variable(declared: Any) -> str:
    """The environment variable that a configuration value is read from; empty where it is not."""
    return str(declared.get("key", "")) if isinstance(declared, Mapping) and declared.get("type") == "env" else ""
