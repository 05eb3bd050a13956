"""What the parts of the Docker target share; the target itself gives them its engine and its containers."""

import os
from collections.abc import Mapping

import docker
from docker.models.containers import Container

from probes.targets.api import Instance
from probes.targets.docker.helper import Helpers

__all__ = ["Part"]


class Part:
    """A part of the Docker target."""

    project: str
    _environment: Mapping[str, str] | None

    def _engine(self) -> docker.DockerClient:
        raise NotImplementedError

    def _ours(self, instance: Instance) -> Container:
        raise NotImplementedError

    def _containers(self, *labels: str) -> list[Container]:
        raise NotImplementedError

    def _helpers(self) -> Helpers:
        environment = os.environ if self._environment is None else self._environment
        image = f"stehauf-stack:{environment.get('STEHAUF_IMAGE_TAG') or 'latest'}"
        return Helpers(self._engine(), self.project, image)
