"""A Compose project on a Docker engine, found by its labels alone."""

from probes.targets.docker.engine import compose_answers, engine_answers
from probes.targets.docker.target import DockerTarget

__all__ = ["DockerTarget", "compose_answers", "engine_answers"]
