"""What bears the name of a secret is one: its value never stands in the evidence."""

import re

__all__ = ["MASK", "TELLING", "is_secret_name"]

MASK = "***"
TELLING = "pass|secret|token|key|credential|authorization"
"""What the name of a secret contains, as a regular expression, in any case."""
_NAME = re.compile(TELLING, re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether what bears this name is to be taken for a secret."""
    return _NAME.search(name) is not None
