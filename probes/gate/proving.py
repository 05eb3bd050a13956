"""`--prove`: a test for each mechanism, after the experiments ran on the intact stack."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probes.errors import ConfigurationError, StehaufError
from probes.gate.outcome import Unknown, Unmet
from probes.prove.controls import Mechanism, mechanisms, subject
from probes.prove.proving import Proof
from probes.prove.suite import written
from probes.settings import Settings
from reports.proof import CAUGHT, UNKNOWN, Cell

if TYPE_CHECKING:
    from probes.gate.collecting import Experiment

__all__ = ["MechanismItem", "mechanism_items", "proof_of", "write_proof"]


def proof_of(settings: Settings, experiments: "Sequence[Experiment]", say: Callable[[str], None]) -> Proof:
    """The proof over the experiments of the suite. Raises ConfigurationError."""
    if not settings.is_own_stack:
        raise ConfigurationError(
            f"--prove takes mechanisms away from Stehauf's own stack, and {settings.project} is another"
        )
    subjects = [subject(one.path, one.content) for one in experiments]
    named = {name for one in subjects for name in one.controls}
    if not named:
        raise ConfigurationError("--prove: no experiment that was selected names a negative control (docs/prove.md)")
    return Proof(settings, subjects, mechanisms(sorted(named)), say)


def mechanism_items(session: pytest.Session, proof: Proof, intact: Callable[[], dict[str, str]]) -> list[pytest.Item]:
    """A test for each mechanism. `intact` gives the verdicts of the suite, and makes room for other stacks."""
    return [MechanismItem.of(session, proof, mechanism, intact) for mechanism in proof.mechanisms.values()]


def write_proof(proof: Proof, *, interrupted: bool) -> Path:
    """Write proof.json as far as it is; its path."""
    proof.interrupted = interrupted
    written(proof.matrix, proof.settings)
    return proof.settings.runs / "proof.json"


class MechanismItem(pytest.Item):
    """One mechanism with each experiment that names it."""

    proof: Proof
    mechanism: Mechanism
    intact: Callable[[], dict[str, str]]

    @classmethod
    def of(
        cls, session: pytest.Session, proof: Proof, mechanism: Mechanism, intact: Callable[[], dict[str, str]]
    ) -> "MechanismItem":
        """The test of a mechanism."""
        item = cls.from_parent(session, name=f"without-{mechanism.name}", nodeid=f"prove::without-{mechanism.name}")
        item.proof, item.mechanism, item.intact = proof, mechanism, intact
        return item

    def setup(self) -> None:
        """Run the cells. Raises Unknown where one proves nothing, or an experiment is no PASS with the mechanism."""
        self.proof.intact.update(self.intact())
        try:
            self.proof.refuse_a_stack_that_is_up()
            self.cells = self.proof.without(self.mechanism)
        except StehaufError as error:
            raise Unknown(f"INCONCLUSIVE\n  {error}") from None
        unknown = [cell for cell in self.cells if cell.outcome == UNKNOWN]
        if unknown:
            raise Unknown(_told("INCONCLUSIVE", unknown))
        failing = [cell.experiment for cell in self.cells if self.proof.intact.get(cell.experiment) != "PASS"]
        if failing:
            raise Unknown(f"INCONCLUSIVE\n  {', '.join(failing)}: no PASS on the intact stack, so it notices nothing")

    def runtest(self) -> None:
        """Raises Unmet where an experiment does not notice, or not for the reason that it names."""
        missed = [cell for cell in self.cells if cell.outcome != CAUGHT]
        if missed:
            raise Unmet(_told("FAIL", missed))

    def reportinfo(self) -> tuple[Path, None, str]:
        """The overlay, and what it takes away."""
        return self.mechanism.overlay, None, f"without {self.mechanism.name}"


def _told(verdict: str, cells: list[Cell]) -> str:
    lines = [f"  {cell.experiment}: {cell.outcome}, not caught by “{cell.claim}”: {cell.sentence}" for cell in cells]
    return "\n".join([verdict, *lines])
