"""The schema of the evidence, held against what runs leave."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]


def schema() -> dict[str, Any]:
    """As it travels in the package."""
    text = (ROOT / "reports" / "schema" / "evidence-1.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def closed(part: Any) -> Any:
    """The same schema without room for fields that it does not name: a reader may meet new ones, a test may not."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: closed(value) for key, value in part.items()}
    if "properties" in part and "type" in part:
        found.setdefault("additionalProperties", False)
    return found


def document(directory: Path) -> dict[str, Any]:
    """A run's directory as one object; only what a kill has torn off at the end of a file of lines is left out."""
    found: dict[str, Any] = {}
    for path in sorted(directory.rglob("*.json*")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(directory).as_posix()
        if path.suffix == ".json":
            found[name] = json.loads(text)
        elif path.suffix == ".jsonl":
            found[name] = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return found


def complaints(directory: Path) -> list[str]:
    """What in the evidence is not as the schema says: file, place, reason."""
    return violations(document(directory))


def violations(run: dict[str, Any]) -> list[str]:
    """The same, of a run as one object."""
    found = _validator().iter_errors(run)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(closed(schema()))
