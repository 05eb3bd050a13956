"""What bears the name of a secret is one: its value never stands in the evidence."""

import re

__all__ = ["MASK", "is_secret_name"]

MASK = "***"
_NAME = re.compile(r"pass|secret|token|key|credential|authorization", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether what bears this name is to be taken for a secret."""
    return _NAME.search(name) is not None
