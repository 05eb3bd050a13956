"""What tests of a proof share."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from probes.gate.process import Ended

INTERRUPTED = Ended(1, "", None, interrupted=True)
Proved = Callable[..., Result]


class AsFound:
    """In place of a stack."""

    def __init__(self, _settings: object) -> None: ...

    def require(self, _progress: object) -> None: ...

    def renew(self) -> None: ...

    def release(self) -> None: ...


def outcomes(tmp_path: Path) -> dict[tuple[str, str], str]:
    """Of each cell, of a proof that did not prove."""
    told = json.loads((tmp_path / "proof" / "proof.json").read_text(encoding="utf-8"))
    assert told["proved"] is False
    return {(cell["mechanism"], cell["experiment"]): cell["outcome"] for cell in told["cells"]}
