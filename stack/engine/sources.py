"""The machine's own package sources, of both formats: no mirror is ever written down here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mirror", "is_debian", "read_sources"]


@dataclass(frozen=True)
class Mirror:
    """One entry of the package sources."""

    uri: str
    suite: str
    options: str

    def line(self) -> str:
        """As a line of sources.list."""
        return f"deb {self.options}{self.uri} {self.suite} main"


def read_sources(folder: Path) -> list[Mirror]:
    """Every binary entry of the package sources in `folder`, of both formats."""
    listed = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    found = [mirror for path in listed if path.is_file() for mirror in one_line_entries(path.read_text())]
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found += deb822_entries(path.read_text())
    return found


def one_line_entries(text: str) -> Iterator[Mirror]:
    """The entries of a sources.list: `deb [options] uri suite component...`."""
    for line in text.splitlines():
        entry = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+[^#]*\bmain\b", line)
        if entry:
            yield Mirror(entry[2], entry[3], f"[{entry[1].strip()}] " if entry[1] else "")


def deb822_entries(text: str) -> Iterator[Mirror]:
    """The entries of a .sources file: stanzas of `Field: value`, continued by indented lines."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields = {name: value.split() for name, value in deb822_fields(stanza).items()}
        wanted = "deb" in fields.get("types", []) and "main" in fields.get("components", [])
        if not wanted or fields.get("enabled", ["yes"])[0].lower() == "no":
            continue
        keys = fields.get("signed-by", [])
        options = f"[signed-by={keys[0]}] " if len(keys) == 1 and keys[0].startswith("/") else ""
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Mirror(uri, suite, options)


def deb822_fields(stanza: str) -> dict[str, str]:
    """The fields of one stanza, names in lower case, continuation lines joined."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in (" ", "\t"):
            fields[name] = f"{fields.get(name, '')} {line.strip()}"
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def is_debian(uri: str) -> bool:
    """Whether an address looks like a Debian archive: every mirror keeps it under `debian`."""
    return "debian" in uri.lower()
