"""Asked before anything is broken: can the target do every fault that the experiment names?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from probes.faults.disk import DiskFull
from probes.faults.kinds import require
from probes.faults.table import ENDING, LASTING
from probes.targets.abilities import Confinable

__all__ = ["confine", "refuse_impossible"]


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


def confine(target: Any, experiments: Iterable[Mapping[str, Any]]) -> None:
    """Have the target give the volumes that these experiments will fill a limit of their own, when it is brought up."""
    if isinstance(target, Confinable):
        target.confine(tuple(sorted({service for one in experiments for service in _filled(one)})))


def _filled(experiment: Mapping[str, Any]) -> Iterator[str]:
    method = experiment.get("method")
    for activity in method if isinstance(method, list) else ():
        provider = activity.get("provider") if isinstance(activity, dict) else None
        if isinstance(provider, dict) and provider.get("func") == DiskFull.kind:
            arguments = provider.get("arguments")
            if isinstance(arguments, dict) and isinstance(arguments.get("service"), str):
                yield arguments["service"]
