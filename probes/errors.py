"""Every error that Stehauf raises on purpose.

::

    StehaufError
    ├── ConfigurationError      a setting is wrong: nothing was touched
    ├── TargetError             the target said no, or nothing
    │   ├── TargetUnavailable   no engine, no Compose v2, no supervisor answers
    │   ├── StackNotUp          the project is not running, and is not ours to start
    │   ├── TargetDegraded      something is already broken: breaking more would prove nothing
    │   ├── UnknownService      no such service; the message lists those that there are
    │   ├── NotOurs             outside the blast radius: does not carry the project's label
    │   └── FaultNotPossible    this target cannot do that fault; the message names one that can
    ├── RunRefused              another run holds the target
    ├── RecordingFailed         evidence could not be written
    └── ClaimUnmet              a probe saw that a claim does not hold: the verdict is FAIL

Each message is one sentence or two that say what was tried, what came back and what to do.
"""

__all__ = [
    "ClaimUnmet",
    "ConfigurationError",
    "FaultNotPossible",
    "NotOurs",
    "RecordingFailed",
    "RunRefused",
    "StackNotUp",
    "StehaufError",
    "TargetDegraded",
    "TargetError",
    "TargetUnavailable",
    "UnknownService",
]


class StehaufError(Exception):
    """Base of all of them; its text is meant to be read by a user."""


class ConfigurationError(StehaufError):
    """A setting or an argument is wrong; nothing was touched."""


class TargetError(StehaufError):
    """The target refused, or did not answer."""


class TargetUnavailable(TargetError):
    """The target cannot be reached at all: no engine, no Compose v2, no supervisor."""


class StackNotUp(TargetError):
    """The project is not running, and it is not our own stack, so it is not started unasked."""


class TargetDegraded(TargetError):
    """Something in the target is already broken."""


class UnknownService(TargetError):
    """The experiment names a service that the target does not have."""


class NotOurs(TargetError):
    """The container or process lies outside the blast radius."""


class FaultNotPossible(TargetError):
    """The target cannot do this fault."""


class RunRefused(StehaufError):
    """Another run holds this target."""


class RecordingFailed(StehaufError):
    """Evidence could not be written: what follows could not be proved."""


class ClaimUnmet(StehaufError):
    """A probe observed that a claim does not hold.

    The verdict recognises it by its class name in the journal and says FAIL; any other exception of a
    probe leaves the claim unknown, and the verdict INCONCLUSIVE.
    """
