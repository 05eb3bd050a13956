"""From settings to a target."""

import sys

from probes.assets import asset
from probes.settings import Settings
from probes.targets.api import Target
from probes.targets.choose import choose

__all__ = ["open_target"]


def open_target(settings: Settings, *, die_with_parent: bool = False, traces: bool = False) -> tuple[Target, str]:
    """The target that the settings ask for, and why it is that one.

    `die_with_parent`: what is brought up as processes ends with this process, should it be killed.
    `traces`: what is brought up sends its traces to this machine, where nobody said where to.
    Raises ConfigurationError, TargetUnavailable.
    """
    return choose(
        settings.target,
        project=settings.project,
        compose_file=settings.compose_file or asset("stack/compose.yaml"),
        own=settings.is_own_stack,
        overlays=settings.overlays,
        environment=settings.environment,
        prepare=(sys.executable, str(asset("stack/image")), "--python", sys.executable),
        die_with_parent=die_with_parent,
        traces_port=settings.otlp_port if traces and not settings.names_collector else None,
    )
