"""Asked before anything is broken: can the target do every fault that the experiment names?"""

from collections.abc import Mapping
from typing import Any

from probes.faults.disk import DiskFull
from probes.faults.kinds import require
from probes.faults.table import ENDING, LASTING

__all__ = ["filled_services", "refuse_impossible"]


def refuse_impossible(experiment: Mapping[str, Any], target: Any) -> None:
    """Raise FaultNotPossible for the first fault of the method that this target cannot do."""
    for activity in experiment.get("method") or []:
        provider = activity.get("provider") or {}
        if activity.get("type") != "action" or provider.get("module") != "probes.actions":
            continue
        kind = str(provider.get("func"))
        if kind in LASTING:
            require(target, LASTING[kind].needs, kind)
            if (tried := getattr(LASTING[kind], "tried", None)) is not None:
                target.means(tried)  # the kernel may lack what the target could do
        elif kind in ENDING:
            require(target, ENDING[kind], kind)


def filled_services(experiment: Mapping[str, Any]) -> tuple[str, ...]:
    """The services whose disk the method fills: their volumes must have a limit of their own."""
    found = [
        str((provider.get("arguments") or {}).get("service"))
        for activity in experiment.get("method") or []
        if (provider := activity.get("provider") or {}).get("module") == "probes.actions"
        and provider.get("func") == DiskFull.kind
    ]
    return tuple(dict.fromkeys(found))
