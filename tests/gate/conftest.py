"""Gates, and evidence to put before them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from gate_kit import Gate

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose runs are recorded already."""
    return Gate(tmp_path)


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Evidence that is judged PASS, FAIL or INCONCLUSIVE; sealed, and never to be changed."""
    from evidence_builder import Run  # noqa: PLC0415 - found by the path above
    from evidence_parts import END, S  # noqa: PLC0415

    from reports.verdict import write  # noqa: PLC0415

    made: dict[str, Path] = {}

    def give(verdict: str) -> Path:
        if verdict not in made:
            run = Run()
            if verdict == "FAIL":
                run.samples["load-22"].add(END - S, 5, 500)
            if verdict == "INCONCLUSIVE":
                run.problems = [{"at_ns": END, "what": "the disk", "detail": "was full"}]
            made[verdict] = run.write(tmp_path_factory.mktemp(verdict) / "20260528T202640Z-kill-product")
            assert str(write(made[verdict]).verdict) == verdict
        return made[verdict]

    return give
