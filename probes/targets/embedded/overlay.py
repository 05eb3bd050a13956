"""One Compose file laid over another, by the rules of the Compose specification, chapter "Merge and override".

Mappings are merged, plain values replaced, and so are the lists of `command`, `entrypoint` and a health check's `test`.
Other lists are joined there by rules of their own; nothing here needs that, so it is refused, and not done wrong.
"""

from typing import Any

from probes.errors import ConfigurationError
from probes.targets.embedded.fields import mapping

__all__ = ["laid_over"]

_REPLACED = frozenset({"command", "entrypoint", "test"})


def laid_over(below: dict[str, Any], above: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Both as one. Raises ConfigurationError that names a list which cannot be merged, or an unknown service."""
    found = dict(below)
    for key, value in above.items():
        at = f"{where}.{key}".lstrip(".")
        if where == "services" and key not in below:
            raise ConfigurationError(
                f"The overlay has the service {key}, which is not there; there are {', '.join(below)}."
            )
        if key == "environment":
            found[key] = {**mapping(below.get(key), at), **mapping(value, at)}
        elif isinstance(value, dict) and isinstance(below.get(key), dict):
            found[key] = laid_over(below[key], value, at)
        elif isinstance(value, list) and key not in _REPLACED:
            raise ConfigurationError(f"The overlay has a list in {at}, and the embedded target cannot merge that one.")
        else:
            found[key] = value
    return found
