"""YAML and JSON with the line that each value stands on.

PyYAML's own nodes carry their marks, and it reads what Compose and Chaos Toolkit read; ruamel.yaml would be a second
parser with rules of its own. What a merge (`<<`) brings in has the line where it is written.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Located", "Unreadable", "load"]

At = tuple[str | int, ...]

_MOST = 200_000
_TEXT, _TIMESTAMP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


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
    documents: int = 1
    """Of a Compose file, which may have several; `value` is the first."""

    def line(self, *at: str | int) -> int:
        """The line of a value, or of the nearest one around it."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)


class _Compose(yaml.SafeLoader):
    """As Compose reads: a port such as 22:22 is text and no number to the base 60, nor is a date one.

    What it resets is as if it were not there, and what it overrides is as it is written.
    """

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        is_text = tag == _TIMESTAMP or (tag in _NUMBERS and ":" in value)
        return _TEXT if is_text else tag

    def construct_overriding(self, node: yaml.Node) -> Any:
        """What is written after `!override`."""
        if isinstance(node, yaml.MappingNode):
            return self.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        tag = self.resolve(yaml.ScalarNode, node.value, (True, False))
        return self.construct_object(yaml.ScalarNode(tag, node.value, node.start_mark, node.end_mark))


_Compose.add_constructor("!reset", lambda _loader, _node: None)
_Compose.add_constructor("!override", _Compose.construct_overriding)


def load(path: Path) -> Located:
    """Read a file. Raises Unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
        nodes = list(yaml.compose_all(text.expandtabs(1), Loader=yaml.SafeLoader))
        node = nodes[0] if nodes else None
        lines = dict(_bounded(_lines(node, (), ()))) if node is not None else {}
        is_compose = bool({("services",), ("include",)} & lines.keys()) and ("method",) not in lines
        if path.suffix == ".json":
            return Located(json.loads(text), lines)
        if not is_compose:
            return Located(yaml.safe_load(text), lines)
        for one in nodes:
            _refuse_twice(one, set())
        return Located(next(iter(yaml.load_all(text, Loader=_Compose))), lines, len(nodes))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(error.problem or "no YAML", line) from None
    except json.JSONDecodeError as error:
        raise Unreadable(error.msg, error.lineno) from None
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise Unreadable(" ".join(str(error).split()) or "nested too deeply") from None


def _bounded(lines: Iterable[tuple[At, int]]) -> Iterator[tuple[At, int]]:
    """Aliases of aliases can stand for more values than any memory holds."""
    for number, (at, line) in enumerate(lines):
        if number > _MOST:
            raise Unreadable(f"its aliases stand for more than {_MOST:,} values")
        yield at, line


def _refuse_twice(node: yaml.Node, seen: set[int]) -> None:
    """Compose refuses a key that stands twice in a mapping; YAML's reader takes the last. Raises Unreadable."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    known: set[str] = set()
    for item in node.value:
        if isinstance(node, yaml.MappingNode):
            key, item = item  # noqa: PLW2901 - of a sequence it is the item itself
            if isinstance(key.value, str) and key.value in known - {"<<"}:
                raise Unreadable(f"the key {key.value!r} stands twice in one mapping", key.start_mark.line + 1)
            known.add(str(key.value))
        _refuse_twice(item, seen)


def _lines(node: yaml.Node, at: At, around: tuple[yaml.Node, ...]) -> Iterator[tuple[At, int]]:
    yield at, node.start_mark.line + 1
    if any(node is one for one in around):
        raise Unreadable("an alias stands inside of what it stands for", node.start_mark.line + 1)
    around = (*around, node)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines(item, (*at, number), around)
    elif isinstance(node, yaml.MappingNode):
        own = [(key, item) for key, item in node.value if key.value != "<<"]
        for merged in (item for key, item in node.value if key.value == "<<"):
            for part in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
                yield from ((inner, line) for inner, line in _lines(part, at, around) if inner != at)
        for key, item in own:
            below = (*at, str(key.value))
            yield from _lines(item, below, around)
            yield below, key.start_mark.line + 1
