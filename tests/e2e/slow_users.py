"""A Locust file whose users need a twentieth of a second of their own core for each request: a slow generator."""

import time

from locust import task
from recording import RecordedUser, recording

recording.listen()


class Slow(RecordedUser):
    """Reckons, and then asks."""

    @task
    def ask(self) -> None:
        """Ask late: while one reckons, all the others wait."""
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        self.client.get("/api/products")
