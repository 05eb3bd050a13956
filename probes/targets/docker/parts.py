"""What the parts of the Docker target share; the target itself gives them its engine and its containers."""

import os
from collections.abc import Mapping

import docker
from docker.models.containers import Container

from probes.targets.api import Instance
from probes.targets.docker.containers import SERVICE, labels_of, own_addresses
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

    def _service_of(self, container: Container) -> str:
        """The service whose copy it is."""
        return labels_of(container.attrs)[SERVICE]

    def _addresses_of(self, service: str) -> list[str] | None:
        """What others reach the copies of a service at; None where there is no such service."""
        there = self._containers(f"{SERVICE}={service}")
        return [address for container in there for address in own_addresses(container.attrs)] if there else None

    def _helpers(self) -> Helpers:
        return Helpers(self._engine(), self.project, self._helper_image())

    def _helper_image(self) -> str:
        environment = os.environ if self._environment is None else self._environment
        return f"stehauf-stack:{environment.get('STEHAUF_IMAGE_TAG') or 'latest'}"
