"""Whose report it is: a name, a logo and a colour from a small YAML file, all of it inside the page."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = ["Branding", "BrandingError", "read_branding"]

KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
KEYS = {"name", "logo", "accent"}
LARGEST = 300_000
"""Bytes of a logo; a report should still fit into a mail."""


class BrandingError(ValueError):
    """The branding file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Branding:
    """What the head of a report shows."""

    name: str = "Stehauf"
    logo: str = ""
    """As a data: URI; empty: none."""
    accent: str = ""
    """#rrggbb; empty: our own."""


def read_branding(path: Path) -> Branding:
    """Read `name`, `logo` (a path beside the file, SVG or PNG) and `accent` (#rrggbb). Raises BrandingError."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BrandingError(f"The branding file {path} cannot be read: {error}") from error
    if not isinstance(told, dict) or not set(told) <= KEYS:
        raise BrandingError(f"The branding file {path} may hold {', '.join(sorted(KEYS))} and nothing else")
    accent = str(told.get("accent") or "")
    if accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        raise BrandingError(f"accent in {path} is {accent!r}: write it as '#rrggbb', in quotes")
    logo = _inlined(path.parent / str(told["logo"])) if told.get("logo") else ""
    return Branding(str(told.get("name") or Branding().name), logo, accent)


def _inlined(path: Path) -> str:
    """The picture as a data: URI. In an <img> the script of an SVG does not run, and nothing is loaded."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise BrandingError(f"The logo {path} is no {' or '.join(KINDS)}: take one of these")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrandingError(f"The logo cannot be read: {error}") from error
    if len(data) > LARGEST:
        raise BrandingError(f"The logo {path} has {len(data):,} bytes, more than {LARGEST:,}: make it smaller")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
