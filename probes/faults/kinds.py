"""What the faults that last have in common, and which there are."""

from typing import Any, ClassVar, Protocol

from probes.errors import FaultNotPossible
from probes.run.ledger import Entry
from probes.targets.api import Event, Instance

__all__ = ["Lasting", "Readings", "require"]

Readings = dict[str, bool | int | float | str]
"""What was read back from the target: name and value."""


class Lasting(Protocol):
    """A fault that stays until it is undone.

    A value holds the parameters of one injection. Undoing needs the entry in the ledger alone, so that another
    process can do it.
    """

    kind: ClassVar[str]
    """Its name: of the action, in the ledger and in the evidence."""
    needs: ClassVar[type]
    """The capability that it asks of a target."""
    read_s: ClassVar[float]
    """Seconds that its effect may take to show."""

    def before(self, target: Any, instance: Instance) -> dict[str, Any]:
        """What the undo must know. Raises FaultNotPossible where this instance cannot suffer it."""

    def inject(self, target: Any, instance: Instance, entry: Entry) -> None:
        """Put it in place. Raises TargetError."""

    def read(self, target: Any, instance: Instance, entry: Entry) -> Readings:
        """What the target shows of it, now: the same names before, while and after it is in place."""

    def shows(self, before: Readings, now: Readings) -> bool:
        """Whether `now` shows its effect. The verdict has a rule of its own; this says when to stop waiting."""

    def concerns(self, event: Event, entry: Entry) -> bool:
        """Whether this start of a process took it away, so that it is put in place again."""

    @staticmethod
    def undo(target: Any, instance: Instance, entry: Entry) -> None:
        """Take it away; no-op where it is gone. Raises TargetError."""

    @staticmethod
    def left(target: Any, instance: Instance, entry: Entry) -> str:
        """What is left of it, read back from the target, in a few words; empty: nothing."""


def require(target: Any, needs: type, kind: str) -> None:
    """Raise FaultNotPossible where the target lacks a capability; the sentence names targets that have it."""
    if isinstance(target, needs):
        return
    from probes.faults.table import able  # noqa: PLC0415 - it knows every fault, and each of them this module

    others = " or ".join(able(needs)) or "none yet"
    raise FaultNotPossible(
        f"The target {target.name} cannot do the fault '{kind}', and nothing was done. A target that can: {others} "
        f"(STEHAUF_TARGET)"
    )
