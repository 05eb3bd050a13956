"""Which requests a figure is about."""

from reports.evidence.reader import Evidence
from reports.evidence.tables import Source
from reports.figures.missing import MissingEvidence
from reports.words import say

__all__ = ["ALL", "from_source", "recorded_users", "user_sources", "users_canary"]

ALL = "all"
"""Everything that stands for a user: the load, and the first canary that run.json lists. Canaries that look
at a service directly are no users: they fail while it is away, and should."""


def user_sources(evidence: Evidence) -> tuple[str, ...]:
    """Names of the sources that stand for users, as configured. Raises MissingEvidence."""
    recording = evidence.recording
    if recording is None:
        raise MissingEvidence(say("run.json does not say what was recorded"))
    load = ("load",) if recording.load else ()
    names = (*load, *(f"canary:{name}" for name in recording.canaries[:1]))
    if not names:
        raise MissingEvidence(say("neither load nor a canary was configured: nobody stood for a user"))
    return names


def recorded_users(evidence: Evidence) -> Source | None:
    """What there is of users' requests, complete or not; None where there is nothing. To show, not to judge."""
    try:
        wanted = user_sources(evidence)
    except MissingEvidence:
        return None
    source = evidence.together(ALL, tuple(name for name in wanted if name in evidence.sources))
    return source if len(source.table) else None


def from_source(evidence: Evidence, source: str = ALL) -> Source:
    """The requests of `source`: `all`, `load` or `canary:NAME`. Raises MissingEvidence if there are none."""
    if source == ALL:
        names = user_sources(evidence)
        for name in names:
            from_source(evidence, name)
        return evidence.together(ALL, names)
    found = evidence.sources.get(source)
    if found is None or not len(found.table):
        there = ", ".join(sorted(evidence.sources)) or say("none at all")
        raise MissingEvidence(
            say("no samples of {source!r} were recorded (there are: {there})", source=source, there=there)
        )
    return found


def users_canary(evidence: Evidence, name: str = "") -> Source:
    """The canary called `name`, or the users' own. Raises MissingEvidence."""
    if name:
        return from_source(evidence, f"canary:{name}")
    canaries = evidence.recording.canaries if evidence.recording else ()
    if not canaries:
        raise MissingEvidence(say("no canary was configured: nothing says what a user saw from moment to moment"))
    return from_source(evidence, f"canary:{canaries[0]}")
