"""One instant on both clocks: what ties times of the monotonic clock to UTC."""

import time

__all__ = ["instant"]


def instant() -> tuple[int, int]:
    """UTC and `time.monotonic_ns()` of the same instant, in nanoseconds.

    To the middle of the closest of five readings: a busy machine may come in between.
    """
    read = [(time.monotonic_ns(), time.time_ns(), time.monotonic_ns()) for _ in range(5)]
    before, wall, after = min(read, key=lambda one: one[2] - one[0])
    return wall, (before + after) // 2
