"""The Compose file's services as supervised processes on this machine: nothing but Python is needed.

`compose` reads the file, `supervisor` (a process of its own) runs the services, `target` is the seam's end.
"""

from probes.targets.embedded.target import EmbeddedTarget

__all__ = ["EmbeddedTarget"]
