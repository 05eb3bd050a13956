"""The Swarm target: a stack of services whose copies run on several machines."""

from probes.targets.swarm.target import SwarmTarget

__all__ = ["SwarmTarget"]
