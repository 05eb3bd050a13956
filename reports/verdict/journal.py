"""Chaos Toolkit's journal and experiment, read without trusting their shape."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from reports.evidence.reader import Evidence
from reports.words import say

__all__ = ["Activity", "activities", "declared", "hypothesis_probes", "is_dry", "items", "mapping", "span_ns"]


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """`value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Activity:
    """One activity as the journal has it."""

    entry: dict[str, Any]

    @cached_property
    def declared(self) -> dict[str, Any]:
        """The activity as the experiment declares it."""
        return mapping(self.entry.get("activity"))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.declared.get("name") or say("an activity without a name"))

    @property
    def is_probe(self) -> bool:
        """Probe, or action."""
        return self.declared.get("type") == "probe"

    @property
    def module(self) -> str:
        """Its Python module; for another provider that provider's type in brackets."""
        provider = mapping(self.declared.get("provider"))
        return str(provider.get("module") or f"({provider.get('type', 'no provider')})")

    @property
    def func(self) -> str:
        """Its function."""
        return str(mapping(self.declared.get("provider")).get("func") or "")

    @property
    def arguments(self) -> dict[str, Any]:
        """Its arguments as declared."""
        return mapping(mapping(self.declared.get("provider")).get("arguments"))

    @property
    def has_tolerance(self) -> bool:
        """Whether it claims anything."""
        return "tolerance" in self.declared

    @property
    def succeeded(self) -> bool:
        """Whether it ran to its end."""
        return self.entry.get("status") == "succeeded"

    @property
    def error(self) -> str:
        """The last line of its exception; empty where there was none."""
        lines = [str(line) for line in items(self.entry.get("exception"))]
        text = "".join(lines).strip() or str(self.entry.get("exception") or "")
        return text.splitlines()[-1] if text else ""

    @property
    def claim_unmet(self) -> bool:
        """Whether its exception is a ClaimUnmet: it saw that the claim does not hold."""
        return self.is_probe and "ClaimUnmet" in str(self.entry.get("exception") or "")


def activities(value: Any) -> list[Activity]:
    """The activities of a list in the journal; what is no object counts as an activity that says nothing."""
    return [Activity(mapping(entry)) for entry in items(value)]


def declared(evidence: Evidence, key: str) -> list[Any]:
    """What the experiment declares under `method` or `rollbacks`."""
    return items(evidence.experiment.get(key))


def hypothesis_probes(evidence: Evidence) -> list[Any]:
    """The probes of the steady-state hypothesis as declared."""
    return items(mapping(evidence.experiment.get("steady-state-hypothesis")).get("probes"))


def is_dry(evidence: Evidence) -> bool:
    """Whether the run, or any activity of it, only pretended."""
    experiments = (evidence.experiment, mapping(evidence.journal.get("experiment")))
    listed = [item for one in experiments for key in ("method", "rollbacks") for item in items(one.get(key))]
    states = mapping(evidence.journal.get("steady_states"))
    hypotheses = [states.get("before"), states.get("after"), *items(states.get("during"))]
    listed += [item for one in experiments for item in items(_hypothesis(one).get("probes"))]
    ran = [*activities(evidence.journal.get("run")), *activities(evidence.journal.get("rollbacks"))]
    ran += [probe for state in hypotheses for probe in activities(mapping(state).get("probes"))]
    listed += [activity.declared for activity in ran]
    return any(mapping(one).get("dry") for one in (*experiments, *listed))


def span_ns(evidence: Evidence) -> tuple[int, int] | None:
    """From the beginning of the method's first activity to the end of its last; None where not known."""
    ran = activities(evidence.journal.get("run"))
    starts = [_ns(activity.entry.get("start")) for activity in ran]
    ends = [_ns(activity.entry.get("end")) for activity in ran]
    known = [at for at in starts + ends if at is not None]
    return (min(known), max(known)) if known and None not in starts + ends else None


def _ns(text: Any) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6) * 1_000


def _hypothesis(experiment: dict[str, Any]) -> dict[str, Any]:
    return mapping(experiment.get("steady-state-hypothesis"))
