"""The sets of trials on disk."""

from pathlib import Path

from probes.errors import ConfigurationError

__all__ = ["find"]


def find(runs: Path, name: str) -> Path:
    """The set that `name` means: a folder, a name, a part that only one has, or `latest`.

    Raises ConfigurationError, with the sets that there are, where it means none or several.
    """
    for path in (Path(name), runs / name):
        if (path / "trials.json").is_file():
            return path.resolve()
    there = sorted(path.parent for path in runs.glob("2*/trials.json"))
    if name == "latest" and there:
        return there[-1]
    found = [path for path in there if name and name in path.name]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(path.name for path in (found or there)[-5:]) or "none yet: make one with 'chaos trials'"
    many = f"{len(found)} sets of trials have {name!r} in their name" if found else f"There are no trials {name!r}"
    raise ConfigurationError(f"{many} in {runs}: {listed}")
