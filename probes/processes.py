"""Actions on a service's processes that last. An experiment names them in `probes.actions`, where all actions are."""

from functools import partial

from probes.faults.arguments import Act, lasting, selecting
from probes.faults.kinds import Lasting
from probes.faults.process import Hang, Stop
from probes.faults.stall import Stall
from probes.run.looping import check_bounds, loop

__all__ = ["crash_loop", "hang", "stall", "stop"]


@lasting
def hang() -> Lasting:
    """Freeze a service: its connections stay open, new ones open, and nobody answers them.

    It stays until `undo`, a rollback or the end of the run; after `for_seconds` it ends whatever happens.
    """
    return Hang()


@lasting
def stall() -> Lasting:
    """Stop a service's processes by a signal from inside (SIGSTOP): connections open, and nobody answers them.

    For users it is what `hang` is. For the engine nothing has happened: only a health check can notice it.
    It stays until `undo`, a rollback or the end of the run; after `for_seconds` it ends whatever happens.
    """
    return Stall()


@lasting
def stop() -> Lasting:
    """Stop a service as its operator does: SIGTERM, SIGKILL after 10 s, and no restart policy acts.

    It stays down until `undo` starts it, a rollback or the end of the run; `for_seconds` at most.
    """
    return Stop()


@selecting("The service, and of the first loop its id as `loop`, the instance and the faults; all of them as `loops`")
def crash_loop(times: int = 6, for_seconds: float = 10.0) -> Act:
    """Crash a service again and again, each time as soon as it runs again.

    Docker doubles its pause before a restart with each quick crash, from 100 ms on: six crashes keep a service away
    for some ten seconds. Where the target restarts at once, crashing goes on until `for_seconds` are over. Each
    crash is a fault of its own, with a receipt of its own; instances crash at the same time, each in a loop of its own.

    Args:
        times: crashes to make of each, 2 to 20; more where the target restarts at once.
        for_seconds: no crash is asked for later than this after the first; at most 30.
    """
    check_bounds(times, for_seconds)
    return partial(loop, times=times, for_seconds=for_seconds)
