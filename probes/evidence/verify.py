"""Is the evidence what it was when the run ended, and does it still give the verdict that was handed over."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.evidence.jsonl import read_json
from reports.evidence.manifest import raw_hashes, verify_manifest
from reports.evidence.reader import Evidence
from reports.verdict import judge
from reports.verdict.writing import told

__all__ = ["Verification", "verify"]

COMPARED = ("verdict", "claims", "reasons", "receipts")


@dataclass(frozen=True, slots=True)
class Verification:
    """What agrees, and what does not."""

    verdict: str
    """Judged again."""
    agreements: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether there is no difference at all."""
        return not self.differences


def verify(directory: Path) -> Verification:
    """Check the hashes, judge again from raw data, and compare with verdict.json. Writes nothing.

    A hash names the file that changed, not the byte: with one hash a file, nobody can say where in it.
    """
    agreements, differences = [], [str(sentence) for sentence in verify_manifest(directory)]
    if not differences:
        agreements.append(
            f"all {len(raw_hashes(directory))} files of evidence, and what was made of them, are unchanged"
        )
    handed = read_json(directory / "verdict.json")
    verdict = judge(Evidence(directory))
    again = told(verdict)
    if handed is None:
        differences.append("verdict.json is missing or cannot be read: there is nothing to compare with")
        return Verification(str(verdict.verdict), tuple(agreements), tuple(differences))
    different = [key for key in COMPARED if _bare(handed.get(key)) != _bare(again[key])]
    for key in different:
        before, after = handed.get(key), again[key]
        values = f": {before} was handed over, {after} comes out" if isinstance(after, str) else ""
        differences.append(f"judged again from raw data, “{key}” differs from verdict.json{values}")
    if not different:
        agreements.append(
            f"judged again from raw data, verdict, claims, reasons and receipts are the same: {handed['verdict']}"
        )
    return Verification(str(verdict.verdict), tuple(agreements), tuple(differences))


def _bare(value: Any) -> Any:
    """Without what a sentence was made of: that is no part of the verdict, and older runs lack it."""
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in one.items() if k != "made_of"} if isinstance(one, dict) else one for one in value]
