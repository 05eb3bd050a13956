"""Where containers reach this machine."""

import contextlib
import socket
from collections.abc import Iterator

import docker

from probes.targets.docker.engine import asked

__all__ = ["bridge_addresses"]


def bridge_addresses(engine: docker.DockerClient) -> tuple[str, ...]:
    """Gateways of the engine's default bridge that are addresses of this very machine.

    None where the engine runs elsewhere or in a virtual machine: there loopback has to do.
    """
    with asked("tell the address of its bridge"):
        bridges = engine.networks.list(names=["bridge"])
    return tuple(address for bridge in bridges for address in _gateways(bridge.attrs) if _is_ours(address))


def _gateways(attributes: dict[str, object]) -> Iterator[str]:
    ipam = attributes.get("IPAM")
    for entry in (ipam.get("Config") if isinstance(ipam, dict) else None) or ():
        if entry.get("Gateway"):
            yield str(entry["Gateway"])


def _is_ours(address: str) -> bool:
    """Whether something can listen on it here; IPv6 is left out."""
    with contextlib.suppress(OSError), socket.socket() as trial:
        trial.bind((address, 0))
        return True
    return False
