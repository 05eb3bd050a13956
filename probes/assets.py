"""Where the files live that travel beside the packages: the stack, the load tests, the experiments."""

import sysconfig
from pathlib import Path

__all__ = ["asset", "checkout"]


def checkout() -> Path | None:
    """The repository that this code runs from; None where it was installed from a wheel."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "stack" / "compose.yaml").exists() else None


def asset(relative: str) -> Path:
    """Path of `stack/compose.yaml` and the like, in the checkout or in the wheel's data folder."""
    root = checkout() or Path(sysconfig.get_path("data")) / "share" / "stehauf"
    return root / relative
