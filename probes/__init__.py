"""Everything that an experiment may name: actions, probes, figures and the control."""

from typing import Any

__all__ = ["discover"]


def discover(discover_system: bool = True) -> dict[str, Any]:  # noqa: ARG001 - chaoslib's signature
    """List every activity for `chaos discover stehauf`. The system itself is seen by `chaos stack status`."""
    from importlib.metadata import version  # noqa: PLC0415 - keeps `import probes` light for the services

    from chaoslib.discovery.discover import (  # noqa: PLC0415
        discover_actions,
        discover_probes,
        initialize_discovery_result,
    )

    result: dict[str, Any] = initialize_discovery_result("stehauf", version("stehauf"), "stehauf")
    result["activities"] += discover_actions("probes.actions")
    result["activities"] += discover_actions("probes.demo")
    result["activities"] += discover_probes("probes.probes")
    result["activities"] += discover_probes("probes.figures")
    for activity in result["activities"]:
        for argument in activity["arguments"]:
            # chaoslib knows no optional types, and `chaos init` would fall over its word for them
            argument["type"] = "string" if argument.get("type") == "object" else argument.get("type")
    return result
