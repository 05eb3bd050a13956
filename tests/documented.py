"""The commands that the documents show: from fenced blocks, from tables and sentences, from the files for CI."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
LANGUAGES = {"sh", "yaml", "text", "json", "python"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASSIGNED = r"(?:[A-Z_]+=\S+ )*"
INLINE = re.compile(rf"`({ASSIGNED}(?:\.venv/bin/)?(?:chaos|make|pytest|python3?|stack/image)(?: [^`…]+)?)`")
IN_CI = re.compile(rf"^\s*- (?:run: )?({ASSIGNED}(?:\.venv/bin/)?(?:chaos|make|pytest) .+)$", re.MULTILINE)


def fences(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block."""
    return FENCE.findall(text)


def commands(document: Path) -> Iterator[str]:
    """Every command that a reader could type, without its comment."""
    text = document.read_text(encoding="utf-8")
    for language, block in fences(text):
        if language == "sh":
            lines = (re.sub(r"\s+# .*$", "", line).strip() for line in block.replace("\\\n", " ").splitlines())
            yield from (line for line in lines if line and not line.startswith("#"))
        elif language == "yaml":
            yield from IN_CI.findall(block)
    prose = FENCE.sub("", text)
    yield from (found for found in INLINE.findall(prose) if " " in found or found == "stack/image")


def all_commands() -> dict[str, list[str]]:
    """Each command, with the documents that show it."""
    found: dict[str, list[str]] = {}
    for document in DOCUMENTS:
        for command in commands(document):
            found.setdefault(" ".join(command.removeprefix(".venv/bin/").split()), []).append(document.name)
    return found
