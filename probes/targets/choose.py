"""Choose a target by its name, or the best that this machine has."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from probes.errors import ConfigurationError
from probes.targets.api import Target
from probes.targets.docker import DockerTarget, compose_answers, engine_answers
from probes.targets.embedded import EmbeddedTarget
from probes.targets.swarm import SwarmTarget

__all__ = ["TARGETS", "choose"]

TARGETS = ("docker", "embedded", "swarm")
_ENGINE_S = 2.0
_THIS_MACHINE = {"docker": "host.docker.internal", "embedded": "127.0.0.1"}
"""As the services reach it."""


def choose(  # noqa: PLR0913 - each a setting, by name
    name: str | None,
    *,
    project: str,
    compose_file: Path,
    own: bool,
    environment: Mapping[str, str],
    overlays: Sequence[Path] = (),
    prepare: Sequence[str] = (),
    die_with_parent: bool = False,
    traces_port: int | None = None,
) -> tuple[Target, str]:
    """The target, and why it is that one in a sentence.

    `own` says that `compose_file` is the stack that we ship; any other project is never brought up.
    `overlays` are Compose files laid over it. `die_with_parent` ties what is brought up as processes to this one.
    With `traces_port`, what is brought up sends its traces to that port of this machine.
    Raises ConfigurationError for a name that a run cannot use.
    """
    if name == "memory":
        raise ConfigurationError(
            f"The target memory breaks nothing real and is for unit tests only; set STEHAUF_TARGET to one of "
            f"{', '.join(TARGETS)}."
        )
    if name is not None and name not in TARGETS:
        raise ConfigurationError(f"There is no target {name!r}; set STEHAUF_TARGET to one of {', '.join(TARGETS)}.")
    chosen, why = (name, f"STEHAUF_TARGET asks for {name}.") if name else _best(environment)
    if overlays:
        why += f" The stack is changed by {', '.join(overlay.name for overlay in overlays)}."
    if overlays and not own:
        raise ConfigurationError(
            f"The project {project} is not Stehauf's own stack, and STEHAUF_OVERLAYS changes no other"
        )
    if chosen == "embedded" and not own:
        raise ConfigurationError(
            f"The project {project} is not Stehauf's own stack, and the embedded target runs nothing else. {why} "
            f"Set STEHAUF_TARGET=docker with an engine that runs {project}, or unset STEHAUF_PROJECT and "
            "STEHAUF_COMPOSE_FILE."
        )
    if chosen == "swarm":
        # No collector of this machine: its nodes may be elsewhere, and know it by no name.
        deployed = (compose_file, compose_file.parent / "swarm" / "services.yaml", *overlays) if own else ()
        return SwarmTarget(project, *deployed, environment=environment), why
    if traces_port is not None:
        told = ",".join(filter(None, (environment.get("OTEL_RESOURCE_ATTRIBUTES"), f"stehauf.project={project}")))
        here = f"http://{_THIS_MACHINE[chosen]}:{traces_port}"
        environment = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": here, "OTEL_RESOURCE_ATTRIBUTES": told}
    if chosen == "docker":
        files = (compose_file, *overlays) if own else ()
        return DockerTarget(project, *files, prepare=prepare, environment=environment), why
    target = EmbeddedTarget(
        project, compose_file, *overlays, environment=environment, own=own, die_with_parent=die_with_parent
    )
    return target, why


def _best(environment: Mapping[str, str]) -> tuple[str, str]:
    engine = engine_answers(_ENGINE_S, environment)
    if engine is None:
        return "embedded", "No Docker engine answers, so the services run as processes (`make docker-engine`)."
    compose = compose_answers(environment=environment)
    if compose is None or compose.startswith(("0.", "1.")):
        return "embedded", (
            f"Docker {engine} answers but has no Compose v2, so the services run as processes (`make docker-engine`)."
        )
    return "docker", f"Docker {engine} with Compose {compose} answers."
