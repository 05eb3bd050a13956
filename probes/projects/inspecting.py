"""Look at a Compose project: what is there, what answers, what can be done to it, what the linter says."""

from collections.abc import Mapping
from pathlib import Path

from probes.lint.linting import lint
from probes.projects.possible import abilities, means_of
from probes.projects.reaching import knocked
from probes.projects.reading import from_engine, from_file
from probes.projects.showing import Inspection
from probes.projects.values import Project

__all__ = ["find", "inspect"]


def find(name: str | None, file: Path | None, environment: Mapping[str, str]) -> Project:
    """The project of that file, else of that name. Raises as `from_file` and `from_engine` do."""
    return from_file(file, environment) if file else from_engine(str(name), environment)


def inspect(project: Project, environment: Mapping[str, str]) -> Inspection:
    """Knocks at the published ports where the project runs; nothing is changed."""
    doors = [door for part in project.parts if project.is_running for door in knocked(part)]
    means = means_of(project, environment) if project.is_running else {}
    able = {part.name: abilities(part, means) for part in project.parts}
    return Inspection(project, tuple(doors), able, lint(project.files) if project.files else ())
