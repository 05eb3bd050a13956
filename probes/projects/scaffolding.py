"""Write experiments for a Compose project into a folder; what is there already stays as it is."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.errors import ConfigurationError, StackNotUp
from probes.projects.experiments import drafts
from probes.projects.files import experiment_text, load_text, readme_text
from probes.projects.inspecting import inspect
from probes.projects.values import Project

__all__ = ["scaffold", "texts"]

_LOAD = "load.py"


def texts(project: Project, folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Name and text of each file. Raises StackNotUp, and ConfigurationError where nothing can be broken."""
    if not project.is_running:
        raise StackNotUp(
            f"The Compose project {project.name} is not up, so nobody can tell what its ports answer: start it "
            f"(docker compose {' '.join(f'-f {file} ' for file in project.files)}up -d --wait), and run this again"
        )
    seen = inspect(project, environment)
    load = load_text(seen)
    found = list(drafts(project, seen.doors, seen.abilities, str(folder / _LOAD) if load else None))
    if not found:
        raise ConfigurationError(
            f"Nothing was written: no service of {project.name} can suffer a fault and come back by itself. "
            f"`chaos stack inspect --project {project.name}` says why of each"
        )
    written = {f"{draft.name}.yaml": experiment_text(draft, project.name) for draft in found}
    if load:
        written[_LOAD] = load
    return {**written, "README.md": readme_text(seen, found, folder, has_load=load is not None)}


def scaffold(files: Mapping[str, str], folder: Path, *, force: bool) -> Iterator[str]:
    """Write them; a sentence for each. One that is there and differs is left alone, unless `force`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        if path.is_symlink() or (path.exists() and not force):
            same = path.is_file() and path.read_bytes() == text.encode()
            yield f"{path}: as it would be written" if same else f"{path}: is there and differs, left alone (--force)"
            continue
        path.write_text(text, encoding="utf-8")
        yield f"{path}: written"
