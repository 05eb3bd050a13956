"""Every message that our code says when something is wrong, read from the code itself.

A message is the text of an error that is made (whatever it is made for: raised, returned, handed on), of a warning
or an error that is logged, and of what is written to stderr. What differs from one time to the next is `…`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("probes", "reports", "loadtest", "stack/engine")
"""What the demo stack's services say to each other stands in their own logs and is no message to a user."""

THEIRS = {"ClickException", "UsageError", "BadParameter", "InterruptExecution", "ValueError", "OSError"}
LOGGED = {"warning", "error", "critical"}
SPOKEN = {"say", "N_", "tell", "_", "translated"}
GAP = "…"
LETTERS = 12
"""A message with fewer letters of its own only hands another one on."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One file, and the templates of its messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self._nodes = list(ast.walk(self._tree))
        self._functions = [node for node in self._nodes if isinstance(node, Function)]
        self._owner: dict[ast.AST, Function] = {}
        for function in self._functions:
            for node in ast.walk(function):
                self._owner[node] = function  # walked from the outside in: the innermost one stays

    @property
    def classes(self) -> dict[str, set[str]]:
        """Names of its classes, and of what they are made from."""
        found = [node for node in self._nodes if isinstance(node, ast.ClassDef)]
        return {node.name: {_name(base) for base in node.bases} for node in found}

    def messages(self, errors: set[str]) -> Iterator[str]:
        """Templates of what is said in `errors` and elsewhere, with gaps where values are put in."""
        for call in (node for node in self._nodes if isinstance(node, ast.Call)):
            for said in self._said(call, errors):
                for text in self._texts(said, frozenset()):
                    joined = re.sub(r"(…\s*)+…", GAP, " ".join(text.split()))
                    if len(re.findall(r"[^\W\d_]", joined)) >= LETTERS:
                        yield joined

    @staticmethod
    def _said(call: ast.Call, errors: set[str]) -> list[ast.expr]:
        name = _name(call.func)
        of_ours = name in errors or name in THEIRS
        logged = name in LOGGED and isinstance(call.func, ast.Attribute) and _name(call.func.value) == "logger"
        written = isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "sys.stderr.write"
        aside = name == "echo" and any(word.arg == "err" for word in call.keywords)
        return call.args[:1] if of_ours or logged or written or aside else []

    def _texts(self, said: ast.expr, seen: frozenset[ast.AST]) -> list[str]:  # noqa: C901, PLR0911 - one a kind
        if said in seen:
            return [GAP]
        seen |= {said}
        match said:
            case ast.Constant(value=str() as text):
                return [re.sub(r"%(\.\d+)?[sdgf]|\{[a-z0-9_!:.,%]*\}", GAP, text)]
            case ast.JoinedStr(values=[ast.FormattedValue(value=handed_on), *rest]) if len(_letters(rest)) < LETTERS:
                return self._texts(handed_on, seen)
            case ast.JoinedStr(values=parts):
                return ["".join(self._texts(one, seen)[0] if isinstance(one, ast.Constant) else GAP for one in parts)]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return [a + b for a in self._texts(left, seen) for b in self._texts(right, seen)]
            case ast.IfExp(body=body, orelse=orelse):
                return [*self._texts(body, seen), *self._texts(orelse, seen)]
            case ast.BoolOp(values=values):
                return [text for value in values for text in self._texts(value, seen)]
            case ast.Call(func=func, args=[first, *_]) if _name(func) in SPOKEN:
                return self._texts(first, seen)
            case ast.Call(func=func):
                found = [text for one in self._returned(_name(func)) for text in self._texts(one, seen)]
                return found or [GAP]
            case ast.Name() | ast.Attribute():
                name = _name(said)
                return [text for one in self._given(said, name) for text in self._texts(one, seen)] or [GAP]
        return [GAP]

    def _returned(self, name: str) -> list[ast.expr]:
        """What a function of this file gives back."""
        nodes = [node for function in self._functions if function.name == name for node in ast.walk(function)]
        return [node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None]

    def _given(self, used: ast.AST, name: str) -> list[ast.expr]:
        """What a name stands for: an assignment beside it, one of the file, or the argument of each caller."""
        function = self._owner.get(used)
        for scope in (function, self._tree):
            if scope is None:
                continue
            found = [
                node.value
                for node in (self._nodes if scope is self._tree else ast.walk(scope))
                if isinstance(node, ast.Assign) and any(_name(target) == name for target in node.targets)
            ]
            if found:
                return found
        return self._handed(function, name) if function else []

    def _handed(self, function: Function, name: str) -> list[ast.expr]:
        places = [one.arg for one in function.args.args if one.arg != "self"]
        if name not in places:
            return []
        calls = [node for node in self._nodes if isinstance(node, ast.Call) and _name(node.func) == function.name]
        at = places.index(name)
        by_name = [word.value for call in calls for word in call.keywords if word.arg == name]
        return [*(call.args[at] for call in calls if len(call.args) > at), *by_name]


@cache
def all_messages() -> dict[str, str]:
    """Every message, and the first file that says it."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "wheelhouse" not in path.parts]
    paths.append(ROOT / "stehauf.py")
    modules = [Module(path) for path in paths]
    errors = _error_classes({name: bases for module in modules for name, bases in module.classes.items()})
    found: dict[str, str] = {}
    for module in modules:
        for message in module.messages(errors):
            found.setdefault(message, module.path.relative_to(ROOT).as_posix())
    for file in ("Makefile", "stack/engine/install", "stack/image"):
        for message in _echoed((ROOT / file).read_text(encoding="utf-8")):
            found.setdefault(message, file)
    return found


def _error_classes(bases: dict[str, set[str]]) -> set[str]:
    """Names of all classes of ours that are exceptions, by what they are made from."""
    found = {"Exception", "ValueError", "RuntimeError", "OSError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found & set(bases)


def _echoed(text: str) -> Iterator[str]:
    """What a shell script or a recipe writes to stderr."""
    for echoed, died in re.findall(r'echo "([^"]+)" >&2|\bdie "([^"]+)"', text):
        gaps = re.sub(r"\$\$?\([^)]*\)+|\$\$?\{[^}]*\}|\$\$?\w+", GAP, echoed or died)
        yield " ".join(gaps.split())


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _letters(parts: list[ast.expr]) -> str:
    return "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
