"""The one door through which configuration enters: environment variables, read here and nowhere else.

===========================  =============================================================================
STEHAUF_TARGET               docker, embedded or swarm; unset: Docker if an engine answers, else embedded
STEHAUF_PROJECT              name of the Compose project; unset: ours, ``stehauf``
STEHAUF_COMPOSE_FILE         its file; unset: our own stack, or none where STEHAUF_PROJECT names another one
STEHAUF_OVERLAYS             Compose files laid over ours, with ':' between them: for proof that experiments can fail
STEHAUF_UNTIL_UNMET          a claim's name: a run for proof ends as soon as that claim is seen not to hold
STEHAUF_SWARM_NODES          name=endpoint of the engine of each node of a swarm, with ',' between them; the manager
                             is DOCKER_HOST's or DOCKER_CONTEXT's
STEHAUF_SWARM_MACHINES       Compose project whose containers are the nodes, where they are; its engine answers at
                             STEHAUF_SWARM_MACHINES_HOST, unset: the local socket
STEHAUF_RUNS                 folder for the runs; unset: ``reports/runs`` of the checkout or the current folder
STEHAUF_LANG                 language of the report: en (the default) or de
STEHAUF_BRANDING             YAML file with the name, logo and accent colour that the report bears
STEHAUF_LIVE                 1: show the run live on 127.0.0.1; 0: never; unset: as the experiment says. Never
                             where CI is set
STEHAUF_LIVE_PORT            its port; unset, or taken: any free one
STEHAUF_GRAFANA              URL of a Grafana that is told when an experiment begins and ends, and that
                             `chaos demo` opens in its last act; unset: none is told, the usual port is tried
STEHAUF_JAEGER               URL of a Jaeger that `chaos demo` opens in its last act; unset: the usual port
OTLP_PORT                    port at which a run receives traces: 4318
OTEL_EXPORTER_OTLP_ENDPOINT  where the services send traces; unset: a stack that a run with `traces` brings up
                             is told to send them to that run
===========================  =============================================================================
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_state_path

from probes.assets import asset, checkout
from probes.errors import ConfigurationError

__all__ = ["OWN_PROJECT", "Settings", "bypass_proxies_on_loopback", "can_show"]

OWN_PROJECT = "stehauf"
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""Compose's own rule; the embedded target makes a folder of that name."""
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a user can set from outside an experiment."""

    target: str | None
    project: str
    compose_file: Path | None
    """None: the project is the user's own, running already; it is never brought up."""
    overlays: tuple[Path, ...]
    """Compose files laid over it: mechanisms taken away, to see that an experiment notices."""
    until_unmet: str | None
    """Name of a claim: once it does not hold, the run ends, and proves nothing else."""
    runs: Path
    state: Path
    """Ledger, locks and the embedded target's files; survives the run."""
    lang: str
    """Of the report."""
    branding: Path | None
    live: bool | None
    """Whether the run is shown live; None: as the experiment says."""
    live_port: int
    """0: any free one."""
    environment: Mapping[str, str]
    """All of it, for the target: Compose interpolates its file with it, the engine's client reads DOCKER_HOST."""
    otlp_port: int = 4318
    grafana: str | None = None

    @property
    def names_collector(self) -> bool:
        """Whether somebody said where the services are to send their traces."""
        return bool(self.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"))

    @property
    def is_own_stack(self) -> bool:
        """Whether the project is the demo stack that we ship."""
        own = asset("stack/compose.yaml")
        return self.compose_file is not None and self.compose_file.resolve() == own.resolve()

    def on(self, project: str | None) -> "Settings":
        """These settings for another project, unless the environment names one. Raises ConfigurationError."""
        if project is None or self.environment.get("STEHAUF_PROJECT"):
            return self
        # its file is not ours to bring up
        return Settings.from_environment(
            {**self.environment, "STEHAUF_PROJECT": project, "STEHAUF_COMPOSE_FILE": "", "STEHAUF_OVERLAYS": ""}
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; an empty variable counts as unset. Raises ConfigurationError."""
        environ = os.environ if environ is None else environ
        file = environ.get("STEHAUF_COMPOSE_FILE")
        project = environ.get("STEHAUF_PROJECT") or OWN_PROJECT
        if not _PROJECT.fullmatch(project):
            raise ConfigurationError(
                f"STEHAUF_PROJECT reads {project!r}, which is no name of a Compose project: it takes lower-case "
                "letters, digits, '-' and '_', and begins with a letter or a digit"
            )
        if file:
            compose_file: Path | None = Path(file)
            if not Path(file).is_file():
                raise ConfigurationError(
                    f"STEHAUF_COMPOSE_FILE names {file}, and there is no such file: give the path of a Compose file, "
                    "or unset it for our own stack"
                )
            if not environ.get("STEHAUF_PROJECT") and not Path(file).samefile(asset("stack/compose.yaml")):
                raise ConfigurationError(
                    f"STEHAUF_COMPOSE_FILE names {file}, which is not our own stack, and STEHAUF_PROJECT says nothing: "
                    "name its project too, as `docker compose ls` does, or it would be taken for ours"
                )
        else:
            compose_file = asset("stack/compose.yaml") if project == OWN_PROJECT else None
        overlays = tuple(Path(one) for one in environ.get("STEHAUF_OVERLAYS", "").split(os.pathsep) if one)
        if missing := [str(one) for one in overlays if not one.is_file()]:
            raise ConfigurationError(
                f"STEHAUF_OVERLAYS names {', '.join(missing)}, and there is no such file: give paths of Compose files"
            )
        runs = environ.get("STEHAUF_RUNS")
        return cls(
            target=environ.get("STEHAUF_TARGET") or None,
            project=project,
            compose_file=compose_file,
            overlays=overlays,
            until_unmet=environ.get("STEHAUF_UNTIL_UNMET") or None,
            runs=Path(runs) if runs else (checkout() or Path.cwd()) / "reports" / "runs",
            state=user_state_path("stehauf"),
            lang=environ.get("STEHAUF_LANG") or "en",
            branding=Path(file) if (file := environ.get("STEHAUF_BRANDING")) else None,
            live=_is_live(environ),
            live_port=_port("STEHAUF_LIVE_PORT", environ, 0),
            environment=dict(environ),
            otlp_port=_port("OTLP_PORT", environ, 4318),
            grafana=environ.get("STEHAUF_GRAFANA") or None,
        )


def can_show(environ: Mapping[str, str]) -> bool:
    """Whether somebody sits in front of a display on which a browser may be opened."""
    if environ.get("CI"):
        return False
    return sys.platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def _is_live(environ: Mapping[str, str]) -> bool | None:
    if environ.get("CI"):
        return False
    wish = environ.get("STEHAUF_LIVE", "").lower()
    return None if not wish else wish not in {"0", "no", "off", "false"}


def _port(name: str, environ: Mapping[str, str], default: int) -> int:
    """A port; `default` where none is given, and 0 (any free one) only where that is the default."""
    given = environ.get(name)
    if not given:
        return default
    least = 1 if default else 0
    if not given.isascii() or not given.isdigit() or not least <= int(given) <= _LAST_PORT:
        raise ConfigurationError(f"{name} reads {given!r}: it takes the number of a port, up to {_LAST_PORT}")
    return int(given)


def bypass_proxies_on_loopback() -> None:
    """Add loopback to NO_PROXY: a company proxy can never reach what runs on this machine.

    Chaos Toolkit's own HTTP probes use requests, which would send 127.0.0.1 to HTTP_PROXY.
    """
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        hosts += [host for host in ("127.0.0.1", "localhost", "::1") if host not in hosts]
        os.environ[name] = ",".join(hosts)
