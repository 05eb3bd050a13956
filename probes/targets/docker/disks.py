"""Volumes with a file system of their own: ext4 of a fixed size on a loop device, so that it can be filled.

The image files lie in one volume of ours. A loop device is the machine's: what attaches and detaches it is a helper
container that may use loop devices, and nothing else of the machine. The engine mounts it, as it would any device.
"""

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

from probes.errors import FaultNotPossible, TargetError
from probes.targets.docker.containers import PROJECT
from probes.targets.docker.engine import asked
from probes.targets.docker.helper import Helpers

__all__ = ["Disks"]

DISKS = "stehauf.disks"
SIZE = 64 << 20
"""Bytes: filled within a tenth of a second, and room for more orders than any experiment places."""
_RIGHTS = {"cap_add": ["MKNOD"], "device_cgroup_rules": ["b 7:* rwm", "c 10:237 rwm"]}
"""Loop devices, and what gives a free one."""


class Disks:
    """The disks of one project."""

    def __init__(self, client: docker.DockerClient, project: str, helpers: Helpers) -> None:
        self._client = client
        self._project = project
        self._helpers = helpers
        self._name = f"{project}_disks"

    def make(self, volumes: Mapping[str, tuple[str, str]]) -> None:
        """Make volumes: by their key in the Compose file, the engine's name for it and where it will be mounted.

        Raises FaultNotPossible where this engine's machine cannot do it; then nothing is left.
        """
        with asked("make a volume for disks"):
            self._client.volumes.create(self._name, labels={DISKS: self._project})
        wanted = " ".join(shlex.quote(f"{key}={path}") for key, (_, path) in volumes.items())
        try:
            said = self._ask(f"attach {SIZE} {wanted}")
            devices = dict(line.split() for line in said.splitlines())
            for key, (name, _) in volumes.items():
                with asked(f"make the volume {name}"):
                    self._client.volumes.create(
                        name,
                        driver="local",
                        driver_opts={"type": "ext4", "device": devices[key]},
                        # As Compose labels its own, which then takes it, and takes it away.
                        labels={PROJECT: self._project, "com.docker.compose.volume": key},
                    )
        except (TargetError, ValueError, KeyError) as error:
            self.remove()
            raise FaultNotPossible(
                f"No disk of a fixed size could be made for {', '.join(volumes)}: {error}. It takes loop devices on "
                "the engine's machine; without them the volume lies on the engine's own disk, which is never filled"
            ) from error

    def remove(self) -> None:
        """Detach what is attached, and take the images away; no-op where there are none. Raises TargetError."""
        with asked("look for disks of ours"):
            found = self._client.volumes.list(filters={"label": f"{DISKS}={self._project}"})
        if not found:
            return
        self._ask("detach")
        for volume in found:
            with contextlib.suppress(NotFound), asked(f"remove the volume {volume.name}"):
                volume.remove()

    def _ask(self, arguments: str) -> str:
        source = Path(__file__).with_name("attaching.py").read_text(encoding="utf-8")
        volumes: dict[str, Any] = {self._name: {"bind": "/disk"}}
        return self._helpers.ask("none", f"python3 -c {shlex.quote(source)} {arguments}", volumes, _RIGHTS)
