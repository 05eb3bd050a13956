"""`chaos stack inspect`: what was found, as text or as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from probes.lint.codes import Finding
from probes.projects.possible import Ability
from probes.projects.reaching import Door
from probes.projects.values import Part, Port, Project

__all__ = ["FORMATS", "Inspection"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that is to be said of a project."""

    project: Project
    doors: tuple[Door, ...]
    abilities: dict[str, tuple[Ability, ...]]
    """By service."""
    findings: Sequence[Finding]

    def doors_of(self, part: Part) -> list[Door]:
        """The HTTP ports of a service."""
        return [door for door in self.doors if door.service == part.name]


def _text(seen: Inspection) -> str:
    project = seen.project
    how = "as it runs" if project.is_running else "as declared, for it is not up: what its images expose is not known"
    lines = [f"Compose project {project.name} ({how})"]
    for part in project.parts:
        lines += ["", f"{part.name}  {part.image}", *(f"  {line}" for line in _service(seen, part))]
    lines += ["", "What the linter says (docs/lint.md has the reasons)"]
    if not project.files:
        lines.append("  nothing: the project's Compose file is not on this machine (name it with --file)")
    elif not seen.findings:
        lines.append("  nothing found")
    lines += [f"  {one.rule.level} {one.code}: {one.what}: {one.rule.what}" for one in seen.findings]
    return "\n".join(lines)


def _service(seen: Inspection, part: Part) -> Iterator[str]:
    yield f"state         {'; '.join(part.states) or 'not up'}"
    yield f"restart       {part.restart}" + ("  (a task that ends)" if part.is_task else "")
    every = f"  (every {part.interval_s:g} s)" if part.interval_s else ""
    yield f"health check  {part.healthcheck or 'none'}{every}"
    yield f"needs         {', '.join(part.depends_on) or 'nothing'}"
    doors = {door.port: door for door in seen.doors_of(part)}
    for port in part.published:
        inside = f"(port {port.inner} inside{_moves(port)})"
        yield f"reach it at   {port.host}:{port.port}  {inside}{_spoken(seen, doors.get(port))}"
    if part.has_moving_port:
        yield "reach it at   a port that the engine chooses at each start"
    elif not part.published:
        inside = f"; as {part.name}:{part.inner[0]} by the others" if part.inner else ""
        yield f"reach it at   nowhere from this machine: no port is published{inside}"
    yield from _suffered(seen, part)


def _suffered(seen: Inspection, part: Part) -> Iterator[str]:
    if part.is_task:
        yield "can suffer    nothing: it is a task that ends"
        return
    able = seen.abilities[part.name]
    yield f"can suffer    {', '.join(one.fault for one in able if not one.refused) or 'nothing'}"
    warned = [(one.fault, one.warned) for one in able if one.warned and not one.refused]
    refused = [(one.fault, one.refused) for one in able if one.refused]
    for word, told in (("but", warned), ("cannot", refused)):
        for why in dict.fromkeys(why for _, why in told):
            yield f"{word:13} {', '.join(fault for fault, reason in told if reason == why)}: {why}"


def _moves(port: Port) -> str:
    return ", another one at each start" if port.moves else ""


def _spoken(seen: Inspection, door: Door | None) -> str:
    if door is None:
        return "  no HTTP" if seen.project.is_running else ""
    told = f"  HTTP, {door.port.url}{door.path}" if door.path else "  HTTP; no path is known that answers well"
    return told + (f", {len(door.endpoints)} endpoints by {door.description}" if door.description else "")


def _json(seen: Inspection) -> str:
    services: list[dict[str, Any]] = [
        {
            **asdict(part),
            "http": [{**asdict(door), "url": door.port.url} for door in seen.doors_of(part)],
            "faults": [asdict(one) for one in seen.abilities[part.name]],
        }
        for part in seen.project.parts
    ]
    return json.dumps(
        {
            "project": seen.project.name,
            "files": [str(file) for file in seen.project.files],
            "running": seen.project.is_running,
            "services": services,
            "findings": [
                {"code": one.code, "level": one.rule.level, "file": one.file, "line": one.line, "found": one.what}
                for one in seen.findings
            ],
        },
        indent=2,
        ensure_ascii=False,
    )


FORMATS = {"text": _text, "json": _json}
