"""A rendered report, taken apart into the sections that a page can exchange one by one."""

import re

__all__ = ["PROVISIONAL", "sections", "title_of"]

_PART = re.compile(r"<(section|header|footer)\b([^>]*)>.*?</\1>", re.DOTALL)
_LABELLED = re.compile(r'aria-labelledby="([^"]+)"')
_CLASS = re.compile(r'class="([^"\s]+)')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)

PROVISIONAL = frozenset({"top", "verdict", "why", "story", "claims", "restored", "untested", "repeat", "footer"})
"""Sections that say how the run ended, or how to repeat it: there is no truth in them before its end."""


def sections(report: str) -> dict[str, str]:
    """The parts of a report's body by the id of their heading, else by their class, in their order.

    The template nests no section in another.
    """
    found: dict[str, str] = {}
    for match in _PART.finditer(report.partition("<body")[2]):
        label = _LABELLED.search(match[2]) or _CLASS.search(match[2])
        key = label[1] if label else match[1]
        found[key if key not in found else f"{key}-{len(found)}"] = match[0]
    return found


def title_of(report: str) -> str:
    """The title as it stands in the page, escaped."""
    match = _TITLE.search(report)
    return match[1] if match else ""
