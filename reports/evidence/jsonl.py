"""JSON on disk that survives a kill: whole lines by one system call, whole files by rename."""

import json
import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

__all__ = ["JsonLines", "Lines", "plain", "read_json", "read_lines", "write_json"]

DEEPEST = 100
"""Levels of nesting that are kept: Python's own JSON breaks at some hundreds."""


class JsonLines:
    """Appends JSON objects to a file, one line and one write each; safe to share between threads.

    Raises OSError when the disk refuses: evidence that cannot be written must not pass unnoticed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def append(self, line: Mapping[str, Any]) -> None:
        """Append one line; it is with the kernel when this returns. Raises OSError."""
        data = (json.dumps(plain(line), ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            if os.write(self._file, data) != len(data):
                raise OSError(28, "the disk took only a part of a line", str(self.path))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as JSON, all of it or nothing. Raises OSError.

    What JSON cannot hold becomes text, so that a strange value never costs the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    text = json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n"
    try:
        partial.write_bytes(text.encode("utf-8", "backslashreplace"))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one line a kind of value reads best
    """`value` with everything that JSON cannot hold as text; NaN and infinities too, JSON has none.

    It never raises: values come from the system under test, and may be nested without an end.
    """
    if depth > DEEPEST:
        return f"nested deeper than {DEEPEST} levels"
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else _text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name, None), depth + 1) for item in fields(value)}
    return _text(value)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - an object may do anything when asked for its text
        return f"a {type(value).__name__} that has no text ({type(error).__name__})"


@dataclass(frozen=True, slots=True)
class Lines:
    """What a JSON lines file gave."""

    found: bool
    """Whether the file is there."""
    objects: tuple[dict[str, Any], ...]
    damaged: int
    """Lines dropped: torn at the end, or no JSON object."""


def read_lines(path: Path) -> Lines:
    """Every whole line of `path`; a last line without its line feed was torn and is dropped."""
    try:
        pieces = path.read_bytes().split(b"\n")
    except OSError:
        return Lines(found=False, objects=(), damaged=0)
    parsed = [_object(piece) for piece in pieces[:-1]]
    good = tuple(item for item in parsed if item is not None)
    return Lines(found=True, objects=good, damaged=len(parsed) - len(good) + bool(pieces[-1]))


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None where there is no file, or no JSON object in it."""
    try:
        return _object(path.read_bytes())
    except OSError:
        return None


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
