"""Helper containers: our own image in a service's network namespace, with NET_ADMIN there and nothing on the host.

A helper of a fault carries its id, ends by itself when the fault's time is over, and takes its rules with it.
"""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import docker
import requests
from docker.errors import APIError, ContainerError, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from probes.errors import FaultNotPossible, TargetError
from probes.targets.docker.containers import PROJECT, SERVICE
from probes.targets.docker.engine import asked

__all__ = ["FAULT", "HELPER", "Helpers"]

HELPER = "stehauf.helper"
FAULT = "stehauf.fault"
_ARMED = "armed"
_READY_S = 20.0
_ENDS_S = 5
_NETWORK: Mapping[str, Any] = {"cap_add": ["NET_ADMIN"]}
"""What most helpers may do, beyond nothing."""


class Helpers:
    """The helpers of one project on one engine."""

    def __init__(self, client: docker.DockerClient, project: str, image: str) -> None:
        self._client = client
        self._project = project
        self._image = image

    def ask(
        self, network: str, script: str, volumes: Mapping[str, Any] | None = None, rights: Mapping[str, Any] = _NETWORK
    ) -> str:
        """Run a shell script to its end in a network (`none`, `container:ID`), with `volumes`; what it said.

        Raises FaultNotPossible where there is no image for it, TargetError where it failed.
        """
        self._require_image()
        try:
            with asked("run a helper container"):
                said = self._client.containers.run(
                    self._image,
                    ["sh", "-c", script],
                    remove=True,
                    stderr=True,
                    volumes=dict(volumes or {}),
                    **self._options(network, ""),
                    **rights,
                )
        except TargetError as error:
            if isinstance(error.__cause__, ContainerError):
                told = _text(error.__cause__.stderr) or "it said nothing"
                raise TargetError(f"A helper container failed: {told}") from error
            raise
        return _text(said)

    def start(
        self, network: str, command: list[str], fault: str, volumes: Mapping[str, Any] | None = None,
        rights: Mapping[str, Any] = _NETWORK,
    ) -> None:  # fmt: skip
        """Start one that stays, and wait until it says that its rules are in place. Raises as `ask` does."""
        self._require_image()
        with asked("start a helper container"):
            helper = self._client.containers.run(
                self._image,
                command,
                detach=True,
                auto_remove=True,
                volumes=dict(volumes or {}),
                **self._options(network, fault),
                **rights,
            )
        said = self._said_until_ready(helper)
        if _ARMED not in said.split():
            with contextlib.suppress(APIError):
                helper.kill()
            raise TargetError(f"A helper container did not get its rules in place: {said or 'it said nothing'}")

    def of(self, fault: str = "") -> list[Container]:
        """Those that run: of a fault, or of the project."""
        labels = [f"{HELPER}={self._project}", f"{FAULT}={fault}" if fault else FAULT]
        with asked("list the helper containers"):
            return list(self._client.containers.list(filters={"label": labels}, ignore_removed=True))

    def end(self, fault: str) -> None:
        """End those of a fault, and wait until they are gone."""
        for helper in self.of(fault):
            with contextlib.suppress(NotFound), asked("end a helper container"):
                try:
                    self._end_one(helper)
                except APIError as refused:
                    if refused.status_code not in {404, 409}:  # gone already
                        raise

    @staticmethod
    def _end_one(helper: Container) -> None:
        """By SIGTERM, on which it takes its rules away and lets go what it holds; by SIGKILL where it does not end."""
        helper.kill("SIGTERM")
        try:
            helper.wait(timeout=_ENDS_S, condition="removed")
        except APIError:
            raise  # which is a RequestException, too: the engine's own word
        except requests.RequestException:
            helper.kill()
            helper.wait(timeout=10, condition="removed")

    def end_all(self) -> None:
        """End every one of the project: while one has a volume, that cannot be taken away."""
        for helper in self.of():
            self.end(str(helper.labels[FAULT]))

    def _said_until_ready(self, helper: Container) -> str:
        said, deadline = "", time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            try:
                said = _text(helper.logs())
                helper.reload()
            except APIError:
                return said  # it ended, and was removed
            if _ARMED in said.split() or helper.status not in {"created", "running"}:
                break
            time.sleep(0.02)
        return said

    def _options(self, network: str, fault: str) -> dict[str, Any]:
        return {
            "network_mode": network,
            "user": "0",
            "cap_drop": ["ALL"],
            "entrypoint": [],
            "log_config": LogConfig(type=LogConfig.types.JSON),  # others cannot be read back
            "healthcheck": {"test": ["NONE"]},
            # The image may carry Compose's labels; the helper is no copy of a service.
            "labels": {HELPER: self._project, PROJECT: "", SERVICE: "", **({FAULT: fault} if fault else {})},
        }

    def _require_image(self) -> None:
        """Ask first: the SDK would look for a missing one in a registry."""
        try:
            with asked(f"look for the image {self._image}"):
                self._client.images.get(self._image)
        except TargetError as error:
            if not isinstance(error.__cause__, ImageNotFound):
                raise
            raise FaultNotPossible(
                f"This fault needs a helper container made from the image {self._image}, and the engine "
                "does not have it; nothing was done. Make it with `chaos stack image`"
            ) from error


def _text(output: str | bytes | None) -> str:
    return (output.decode(errors="replace") if isinstance(output, bytes) else output or "").strip()
