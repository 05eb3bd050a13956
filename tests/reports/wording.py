"""Every sentence that code and templates can say, found by reading them."""

import ast
import re
from functools import cache
from pathlib import Path

from jinja2.ext import babel_extract

from reports import words

ROOT = Path(words.__file__).parent
MARKS = {"say": 1, "N_": 1, "translated": 1, "say_n": 2}

Msgid = str | tuple[str, ...]


@cache
def extracted() -> frozenset[Msgid]:
    """The msgids; a pair where there is a form for one and a form for many. Those without a word are left out."""
    found: set[Msgid] = set()
    for path in ROOT.rglob("*.py"):
        if "runs" not in path.parts:
            found |= _in_code(path)
    for path in (ROOT / "templates").glob("*.j2"):
        with path.open("rb") as file:
            messages = [message for _, _, message, _ in babel_extract(file, ["_"], [], {})]
        found |= {one if isinstance(one, str) else one[0] for one in messages if one}
    return frozenset(one for one in found if has_words(one if isinstance(one, str) else one[0]))


def has_words(msgid: str) -> bool:
    return re.search(r"[^\W\d_]", re.sub(r"\{[^}]*\}", "", msgid)) is not None or "{sentence}" in msgid


def _in_code(path: Path) -> set[Msgid]:
    found: set[Msgid] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            arguments = node.args[: MARKS[node.func.id]]
            texts = [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if len(texts) == len(arguments):
                found.add(texts[0] if len(texts) == 1 else tuple(texts))
            elif texts:
                raise AssertionError(f"{path}:{node.lineno}: a msgid that is not a literal")
    return found
