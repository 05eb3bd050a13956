"""Does the jobs, one by one. It knows nothing of Stehauf."""

import time
from pathlib import Path

import redis

_ALIVE = Path("/tmp/alive")
_queue = redis.Redis("redis", socket_timeout=5, socket_connect_timeout=1)

while True:
    try:
        job = _queue.blpop("jobs", timeout=1)
        if job:
            _queue.incr("done")
        _ALIVE.touch()
    except redis.RedisError as error:
        print(f"the queue does not answer: {error}", flush=True)
        time.sleep(0.5)
