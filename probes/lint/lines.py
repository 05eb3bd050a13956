"""YAML and JSON with the line that each value stands on.

PyYAML's own nodes carry their marks, and it reads what Compose and Chaos Toolkit read; ruamel.yaml would be a second
parser with rules of its own. What a merge (`<<`) brings in has the line where it is written.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Located", "Unreadable", "load"]

At = tuple[str | int, ...]


class Unreadable(Exception):
    """The file cannot be read; `line` is where."""

    def __init__(self, told: str, line: int = 1) -> None:
        super().__init__(told)
        self.line = line


@dataclass(frozen=True, slots=True)
class Located:
    """The content of a file, and where in it each value stands."""

    value: Any
    lines: dict[At, int]

    def line(self, *at: str | int) -> int:
        """The line of a value, or of the nearest one around it."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)


def load(path: Path) -> Located:
    """Read a file. Raises Unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        node = yaml.compose(text.expandtabs(1), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(error.problem or "no YAML", line) from None
    except json.JSONDecodeError as error:
        raise Unreadable(error.msg, error.lineno) from None
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise Unreadable(" ".join(str(error).split()) or "nested too deeply") from None
    return Located(value, dict(_lines(node, ())) if node is not None else {})


def _lines(node: yaml.Node, at: At) -> Iterator[tuple[At, int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines(item, (*at, number))
    elif isinstance(node, yaml.MappingNode):
        own = [(key, item) for key, item in node.value if key.value != "<<"]
        for merged in (item for key, item in node.value if key.value == "<<"):
            for part in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
                yield from ((inner, line) for inner, line in _lines(part, at) if inner != at)
        for key, item in own:
            below = (*at, str(key.value))
            yield from _lines(item, below)
            yield below, key.start_mark.line + 1
