"""Takes jobs, and says how many were done. It knows nothing of Stehauf."""

import flask
import redis

app = flask.Flask(__name__)
_queue = redis.Redis("redis", socket_timeout=1, socket_connect_timeout=1)


@app.get("/")
def done() -> dict[str, int]:
    """How much is waiting, and how much was done."""
    return {"waiting": _queue.llen("jobs"), "done": int(_queue.get("done") or 0)}


@app.post("/jobs")
def take() -> tuple[dict[str, int], int]:
    """Take a job."""
    return {"waiting": _queue.rpush("jobs", flask.request.get_data())}, 202


@app.errorhandler(redis.RedisError)
def _away(_error: redis.RedisError) -> tuple[dict[str, str], int]:
    return {"error": "the queue does not answer"}, 503


if __name__ == "__main__":
    app.run("0.0.0.0", 5000, threaded=True)
