"""Does the journal hold what experiment.json declares? Whoever rewrites a claim while it runs claims nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from reports.evidence.reader import Evidence
from reports.verdict.journal import Activity, activities, declared, hypothesis_probes, items, mapping
from reports.words import N_, say

__all__ = ["rewritten"]

_REWRITTEN = N_("“{name}” stands in the journal otherwise than experiment.json declares it: a claim that was rewritten")


def rewritten(evidence: Evidence) -> Iterator[str]:
    """A sentence for each activity of the journal that the experiment, written before anything ran, does not declare.

    A control can change an activity in the process that runs it: its tolerance, its arguments, its name. Background
    activities end in any order, so what is compared is the whole lot of each phase, each activity once.
    """
    by_name = _by_name(evidence)
    states = mapping(evidence.journal.get("steady_states"))
    hypothesis = hypothesis_probes(evidence)
    phases = [
        (declared(evidence, "method"), evidence.journal.get("run")),
        (declared(evidence, "rollbacks"), evidence.journal.get("rollbacks")),
    ]
    each = (states.get("before"), states.get("after"), *items(states.get("during")))
    phases += [(hypothesis, mapping(state).get("probes")) for state in each]
    for written, ran in phases:
        left = Counter(_text(by_name.get(str(mapping(one).get("ref")), mapping(one))) for one in written)
        for activity in activities(ran):
            text = _text(activity.declared)
            if not left[text]:
                yield say(_REWRITTEN, name=activity.name)
            left[text] -= 1


def _by_name(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """What `ref` may mean: any activity of the experiment that has a name."""
    everything = [*hypothesis_probes(evidence), *declared(evidence, "method"), *declared(evidence, "rollbacks")]
    return {Activity({"activity": one}).name: mapping(one) for one in everything if mapping(one).get("name")}


def _text(activity: dict[str, Any]) -> str:
    """The activity in one spelling, without the value that Chaos Toolkit writes into a tolerance that runs code."""
    activity = deepcopy(activity)
    tolerance = mapping(activity.get("tolerance"))
    if tolerance.get("type") == "probe":
        mapping(mapping(tolerance.get("provider")).get("arguments")).pop("value", None)
    return json.dumps(activity, sort_keys=True, default=str)
