"""The seal of a run: a SHA-256 of every file, so that anybody can check that nothing changed since."""

import hashlib
from pathlib import Path

from reports.evidence.jsonl import read_json, write_json
from reports.words import say

__all__ = ["DERIVED", "raw_hashes", "sealed", "verify_manifest", "write_manifest"]

NAME = "manifest.json"

EVIDENCE = (".json", ".jsonl", ".samples")
"""What a reader would take for evidence; a note that somebody adds changes nothing."""

DERIVED = ("report.html", "verdict.json")
"""Made from the evidence, and made again at will; everything else is sealed once."""


def sealed(directory: Path) -> dict[str, str]:
    """Hashes by relative path, as the manifest gives them; empty where there is none yet."""
    manifest = read_json(directory / NAME) or {}
    files = manifest.get("files")
    return {str(path): str(digest) for path, digest in files.items()} if isinstance(files, dict) else {}


def raw_hashes(directory: Path) -> dict[str, str]:
    """Hashes of the evidence itself: as sealed, or as found where it is not sealed yet."""
    hashes = sealed(directory) or _hashes(directory)
    return {path: digest for path, digest in hashes.items() if path not in DERIVED}


def write_manifest(directory: Path) -> None:
    """Write `manifest.json`. Raises OSError.

    Evidence that was sealed before keeps its hash, so that rendering a report again cannot launder a change.
    """
    files, before = _hashes(directory), sealed(directory)
    if before:
        kept = {path: digest for path, digest in before.items() if path not in DERIVED}
        files = kept | {path: digest for path, digest in files.items() if path in DERIVED}
    elif (directory / NAME).exists():
        return  # a seal that cannot be read stays broken
    write_json(directory / NAME, {"format": 1, "files": dict(sorted(files.items()))})


def verify_manifest(directory: Path) -> list[str]:
    """One sentence for each difference between the directory and its manifest; empty where they agree."""
    if not (directory / NAME).exists():
        return [say("{file} is missing: nothing says what the files were when the run ended", file=NAME)]
    expected, actual = sealed(directory), _hashes(directory)
    if not expected:
        return [say("{file} cannot be read", file=NAME)]
    differences = [say("{file} is missing", file=path) for path in expected if path not in actual]
    added = [path for path in actual if path not in expected and path.endswith(EVIDENCE)]
    differences += [say("{file} was added after the run was sealed", file=path) for path in added]
    changed = [path for path in expected if path in actual and expected[path] != actual[path]]
    differences += [say("{file} was changed after the run was sealed", file=path) for path in changed]
    return sorted(differences)


def _hashes(directory: Path) -> dict[str, str]:
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.suffix != ".tmp")
    return {path.relative_to(directory).as_posix(): _sha256(path) for path in paths if path != directory / NAME}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
