"""The arguments that faults share, given to an action in one place: which instances, and how long at most.

An action is a function of what it alone takes, and makes the fault. `lasting` and `ending` put that in place, and give
the action the arguments that all of its kind take, with their documentation: `chaos discover` and `chaos validate` see
them as if each had written them down.
"""

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Any

from probes.errors import ConfigurationError
from probes.faults.ending import Ending, end
from probes.faults.kinds import Lasting
from probes.faults.lasting import begin

__all__ = ["GIVES", "WHICH", "Action", "Shared", "bound", "check_number", "ending", "lasting", "selecting", "widened"]

Action = Callable[..., dict[str, Any]]
Act = Callable[[str, dict[str, Any]], dict[str, Any]]
Shared = dict[str, tuple[Any, Any, str]]
"""Type, default and what it is, of arguments by name."""

_SERVICE: Shared = {"service": (str, Parameter.empty, "name of the service.")}
WHICH: Shared = {
    "count": (int, 1, "instances that it hits; more than there are is refused."),
    "choose": (str, "first", "which: `first` (the oldest), `random`, or `all` (then without `count`)."),
    "seed": (int | None, None, "of a random choice, to repeat it: as an earlier run recorded it in faults.jsonl."),
}
GIVES = "The service, and the faults' ids with their instances"
_RAISES = """Raises:
    FaultNotPossible: this target, or its kernel, cannot do it; the message names one that can. Nothing was done.
    TargetDegraded: an instance is not running and healthy: breaking it would prove nothing.
    UnknownService, NotOurs, TargetError: as the target says.
    ConfigurationError: an impossible argument, or no run is being recorded."""


def lasting(make: Callable[..., Lasting]) -> Action:
    """An action that puts a fault in place, which stays until `undo`, a rollback or the end of the run."""
    return widened(make, begin, {**bound(60.0), **WHICH}, GIVES)


def ending(make: Callable[..., Ending]) -> Action:
    """An action that makes processes end by themselves."""
    return widened(make, end, WHICH, f"{GIVES}, and the first of each as `fault` and `instance`")


def selecting(gives: str) -> Callable[[Callable[..., Act]], Action]:
    """An action that does the rest itself: it makes a function of the service and of the selection."""

    def widen(make: Callable[..., Act]) -> Action:
        return widened(make, lambda act, service, chosen: act(service, chosen), WHICH, gives)

    return widen


def bound(seconds: float) -> Shared:
    """How long a fault lasts at most, where nothing else is said."""
    return {"for_seconds": (float, seconds, "bound that it never outlives, more than 0 and at most 3600.")}


def widened(make: Callable[..., Any], act: Action, shared: Shared, gives: str) -> Action:
    """An action of `make`, with the shared arguments, for a decorator that gives them.

    `act` gets what `make` made, the service, `for_seconds` where it is shared, and the selection as `chosen`, empty
    where the instance is not for the experiment to choose. `gives`: what is documented as returned.
    """
    own = inspect.signature(make).parameters.values()
    whole = inspect.Signature(
        [*_parameters(_SERVICE), *own, *_parameters(shared)], return_annotation=dict[str, Any]
    )  # fmt: skip

    @functools.wraps(make)
    def action(*given: Any, **named: Any) -> dict[str, Any]:
        call = whole.bind(*given, **named)
        call.apply_defaults()
        values = dict(call.arguments)
        service = values.pop("service")
        chosen = {name: values.pop(name) for name in WHICH if name in shared}
        more = {name: values.pop(name) for name in shared if name not in WHICH}
        return act(make(**values), service, chosen=chosen, **more)

    action.__signature__ = whole  # type: ignore[attr-defined]
    about, _, arguments = (inspect.getdoc(make) or "").partition("\n\nArgs:\n")
    told = [_told(_SERVICE), *([arguments] if arguments else []), _told(shared)]
    action.__doc__ = "\n".join([about, "", "Args:", *told, "", "Returns:", f"    {gives}.", "", _RAISES])
    return action


def _parameters(shared: Shared) -> list[Parameter]:
    return [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=kind)
        for name, (kind, default, _) in shared.items()
    ]


def _told(shared: Shared) -> str:
    return "\n".join(f"    {name}: {what}" for name, (_, _, what) in shared.items())


def check_number(name: str, given: Any, least: float, most: float, *, over: bool = False) -> None:
    """Raise ConfigurationError unless it is a number from `least` (`over`: more than that) to `most`."""
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not least <= given <= most or (over and given == least):
        takes = f"a number over {least:g}, and {most:g} at most" if over else f"a number, {least:g} to {most:g}"
        raise ConfigurationError(f"{name} reads {given!r}; it takes {takes}")
