"""Reach the engine and Compose, in bounded time, or say in one sentence why not."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping

import docker
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException

from probes.causes import in_words
from probes.errors import TargetError, TargetUnavailable

__all__ = ["asked", "compose_answers", "connect", "engine_answers", "engine_host", "local_alone", "require_compose"]

_WHAT_TO_DO = "Start one (`make docker-engine` installs and starts Debian's), or set STEHAUF_TARGET=embedded."
_WORDS: Mapping[type[BaseException], str] = {
    PermissionError: "permission denied (is this user in the group docker?)",
    FileNotFoundError: "there is no such socket",
    ConnectionRefusedError: "the connection was refused",
    requests.Timeout: "it accepted the connection and then said nothing",
    TimeoutError: "it accepted the connection and then said nothing",
}
_DEFAULT_HOST = "unix:///var/run/docker.sock"


def engine_host(environment: Mapping[str, str] | None = None) -> str:
    """The address that is tried: DOCKER_HOST, or the local socket."""
    return (os.environ if environment is None else environment).get("DOCKER_HOST") or _DEFAULT_HOST


def connect(timeout_s: float, environment: Mapping[str, str] | None = None) -> docker.DockerClient:
    """A client whose every call is bounded by `timeout_s`. Raises TargetUnavailable."""
    host = engine_host(environment)
    try:
        _knock(host, timeout_s)
        # With a version given nothing is sent yet: the SDK's own negotiation leaks its connection where it fails.
        with contextlib.closing(_client(timeout_s, environment, DEFAULT_DOCKER_API_VERSION)) as unversioned:
            spoken = unversioned.api.version(api_version=False)["ApiVersion"]
        return _client(timeout_s, environment, spoken)
    except (DockerException, requests.RequestException, OSError, KeyError) as error:
        raise TargetUnavailable(
            f"No Docker engine answered at {host} within {timeout_s:g} s: {_why(error)}. {_WHAT_TO_DO}"
        ) from error


def _client(timeout_s: float, environment: Mapping[str, str] | None, version: str) -> docker.DockerClient:
    given = None if environment is None else dict(environment)
    return docker.from_env(version=version, timeout=timeout_s, environment=given)  # type: ignore[arg-type]


def engine_answers(timeout_s: float, environment: Mapping[str, str] | None = None) -> str | None:
    """The engine's version, or None if none answers within about `timeout_s`."""
    try:
        with contextlib.closing(connect(timeout_s, environment)) as client:
            return str(client.version()["Version"])
    except (TargetUnavailable, DockerException, requests.RequestException, KeyError):
        return None


def compose_answers(timeout_s: float = 10.0, environment: Mapping[str, str] | None = None) -> str | None:
    """Compose's version, or None where the CLI plugin is missing."""
    try:
        done = subprocess.run(
            ["docker", "compose", "version", "--short"],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=None if environment is None else dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip().removeprefix("v")
    return version if done.returncode == 0 and version else None


def require_compose(environment: Mapping[str, str] | None = None) -> str:
    """Compose's version. Raises TargetUnavailable unless it is 2 or newer."""
    version = compose_answers(environment=environment)
    if version is None or version.startswith(("0.", "1.")):
        came = "it is not there" if version is None else f"it is {version}"
        raise TargetUnavailable(
            f"Compose v2 is needed as `docker compose`, and {came}. Install it (`make docker-engine` does, or "
            f"Debian's docker-compose from trixie on), or set STEHAUF_TARGET=embedded."
        )
    return version


def local_alone(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which Compose fetches nothing that a file includes from elsewhere: to read is not to trust."""
    return {
        **(os.environ if environment is None else environment),
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false",
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false",
    }


@contextlib.contextmanager
def asked(what: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; `what` says what was tried."""
    try:
        yield
    except APIError as error:
        raise TargetError(f"The engine refused to {what}: {error.explanation or error}.") from error
    except (DockerException, requests.RequestException) as error:
        raise TargetUnavailable(
            f"The engine at {engine_host()} did not answer when asked to {what}: {_why(error)}. {_WHAT_TO_DO}"
        ) from error


def _knock(host: str, timeout_s: float) -> None:
    """Open the local socket once: the SDK leaks it where that fails, and hides why under four other errors."""
    scheme, _, path = host.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as trial:
            trial.settimeout(timeout_s)
            trial.connect(path)


def _why(error: BaseException) -> str:
    """The cause in a few words; the SDK's HTTP library buries it under several of its own errors."""
    return in_words(error, _WORDS)
