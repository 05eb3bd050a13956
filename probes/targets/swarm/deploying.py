"""`docker stack` deploy and rm, and the waiting that they leave to others."""

import itertools
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError, NotFound
from docker.models.volumes import Volume

from probes.errors import TargetError
from probes.targets.docker.engine import asked
from probes.targets.swarm.engines import Engines, require_image
from probes.targets.swarm.places import remove_places
from probes.targets.swarm.tasks import NAMESPACE

__all__ = ["Deployment"]

_DEPLOY_S = 60.0
_GONE_S = 90.0
_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Deployment:
    """One stack on one swarm."""

    engines: Engines
    project: str

    def deploy(self, stack: Mapping[str, Any]) -> None:
        """Give the manager the stack file. Raises TargetError."""
        self._refuse_missing_images(stack)
        # never: an image is the one that the nodes have; there may be no registry to ask
        arguments = ["deploy", "--compose-file", "-", "--resolve-image", "never", self.project]
        self._docker_stack(arguments, json.dumps(stack))

    def remove(self) -> None:
        """Take the stack away, and its volumes from every machine. Raises TargetError naming what is left."""
        remove_places(self.engines, self.project)  # they are in its network, which could not be removed
        self._docker_stack(["rm", self.project])
        deadline = time.monotonic() + _GONE_S
        while left := self._left():
            if time.monotonic() > deadline:
                raise TargetError(f"The stack {self.project} was removed, and this is still there: {'; '.join(left)}")
            time.sleep(_EVERY_S)

    def _docker_stack(self, arguments: list[str], given: str | None = None) -> None:
        try:
            done = subprocess.run(
                ["docker", "stack", *arguments], input=given, capture_output=True, text=True, check=False,
                timeout=_DEPLOY_S, env=self.engines.environment, start_new_session=True,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TargetError(
                f"`docker stack {arguments[0]}` of {self.project} did not come to an end: {error}"
            ) from error
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise TargetError(f"`docker stack {arguments[0]}` of {self.project} failed: {lines[-1]}")

    def _refuse_missing_images(self, stack: Mapping[str, Any]) -> None:
        images = sorted({service["image"] for service in stack["services"].values()})
        for name, image in itertools.product(self.engines.endpoints(), images):
            require_image(self.engines, name, image, "nothing was deployed", "stack/image")

    def _left(self) -> list[str]:
        """What there still is of the stack; volumes are removed as soon as nobody uses them."""
        left = []
        for name in self.engines.endpoints():
            client = self.engines.reachable(name)
            if client is None:
                continue  # nothing runs where no engine does; what lies there is found when it is back
            label = f"{NAMESPACE}={self.project}"
            with asked(f"look at what is left on {name}"):
                containers = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
                volumes = client.volumes.list(filters={"label": label})
            left += [f"container {one.name} on {name}" for one in containers]
            left += [f"volume {one.name} on {name}" for one in volumes if not _removed(one)]
        with asked("look at the networks that are left"):
            found = self.engines.manager().networks.list(filters={"label": f"{NAMESPACE}={self.project}"})
        return [*left, *(f"network {one.name}" for one in found)]


def _removed(volume: Volume) -> bool:
    try:
        volume.remove()
    except NotFound:
        return True
    except APIError:
        return False  # in use
    return True


def told(progress: Callable[[str], None], seen: set[str], sentence: str) -> None:
    """Say it once."""
    if sentence not in seen:
        seen.add(sentence)
        progress(sentence)
