"""The smallest experiment that passes honestly, as data; tests take one thing away from it."""

from typing import Any


def python(module: str, func: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": module, "func": func, "arguments": arguments}


def probe(name: str, tolerance: Any, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "probe", "tolerance": tolerance, "provider": provider, **more}


def action(name: str, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "action", "provider": provider, **more}


def smallest() -> dict[str, Any]:
    """Product crashes and comes back; the only load is a canary."""
    return {
        "title": "the smallest",
        "description": "product crashes and comes back",
        "configuration": {"shop": {"type": "env", "key": "STEHAUF_SHOP"}},
        "controls": [
            {
                "name": "stehauf",
                "provider": {
                    "type": "python",
                    "module": "probes.control",
                    "arguments": {"canaries": [{"name": "shop", "url": "${shop}/api/products"}], "rate": 20},
                },
            }
        ],
        "steady-state-hypothesis": {
            "title": "well",
            "probes": [probe("all healthy", True, python("probes.probes", "all_healthy", within=20))],
        },
        "method": [
            action("crash", python("probes.actions", "crash", service="product")),
            probe(
                "back",
                {"type": "range", "range": [0, 20]},
                python("probes.figures", "recovery_seconds", service="product", timeout=30),
            ),
        ],
        "rollbacks": [action("runs", python("probes.actions", "ensure_running", service="product"))],
    }


def impatient(experiment: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The experiment, waiting less long for what will not come."""
    experiment["steady-state-hypothesis"]["probes"][0]["provider"]["arguments"]["within"] = 3
    for activity in experiment["method"]:
        arguments = activity["provider"].get("arguments")
        if isinstance(arguments, dict) and "timeout" in arguments:
            arguments["timeout"] = timeout
    experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
    return experiment
