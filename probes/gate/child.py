"""`chaos`, as `python -m probes.gate.child`: the same command, that gets SIGTERM should its parent be killed."""

import contextlib
import ctypes
import runpy
import signal

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run Chaos Toolkit's own command line."""
    with contextlib.suppress(AttributeError, OSError):  # Linux only
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    runpy.run_module("chaostoolkit", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
