"""Compose's variables in the values of a YAML file: `$X`, `${X}`, `${X:-d}`, `${X-d}`, `${X:?e}`, `${X?e}`, `$$`.

Semantics as in the Compose specification, chapter "Interpolation": a default may itself hold variables. The kept
libraries (expandvars, envsubst) take `$$` for a process id or read the environment of their own process.
"""

import re
from collections.abc import Mapping
from typing import Any

from probes.errors import ConfigurationError

__all__ = ["interpolated", "interpolated_tree"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OPERATOR = re.compile(r":-|-|:\?|\?")


def interpolated_tree(value: Any, variables: Mapping[str, str]) -> Any:
    """The same tree with every string value interpolated; keys stay as they are, as with Compose."""
    if isinstance(value, str):
        return interpolated(value, variables)
    if isinstance(value, dict):
        return {key: interpolated_tree(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated_tree(item, variables) for item in value]
    return value


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables replaced. Raises ConfigurationError for what Compose would refuse."""
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        value, at = _variable(text, dollar + 1, variables)
        parts.append(value)
    parts.append(text[at:])
    return "".join(parts)


def _variable(text: str, at: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """The value of what follows a dollar sign, and where it ends."""
    if text.startswith("$", at):
        return "$", at + 1
    if text.startswith("{", at):
        end = _closing_brace(text, at)
        return _braced(text[at + 1 : end], variables), end + 1
    name = _NAME.match(text, at)
    if name is None:
        raise ConfigurationError(f"The Compose file has a lone $ in {text!r}: write $$ for a dollar sign.")
    return variables.get(name[0], ""), name.end()


def _closing_brace(text: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(text)):
        if text[at] == "{" and (at == opening or text[at - 1] == "$"):
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    raise ConfigurationError(f"The Compose file has ${{ without its closing brace in {text!r}.")


def _braced(inside: str, variables: Mapping[str, str]) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise ConfigurationError(f"The Compose file has ${{{inside}}}, which names no variable.")
    value, rest = variables.get(name[0]), inside[name.end() :]
    if not rest:
        return value or ""
    operator = _OPERATOR.match(rest)
    if operator is None:
        raise ConfigurationError(
            f"The Compose file has ${{{inside}}}; read are ${{X}}, ${{X:-default}}, ${{X-default}}, ${{X:?error}} "
            f"and ${{X?error}}."
        )
    if value or (value is not None and not operator[0].startswith(":")):
        return value
    rest = interpolated(rest[operator.end() :], variables)
    if operator[0].endswith("?"):
        raise ConfigurationError(f"The Compose file needs the variable {name[0]}, which is not set: {rest}")
    return rest
