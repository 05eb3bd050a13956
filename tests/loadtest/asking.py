"""A Locust file for the tests: users who ask for one page, ten times a second each where nobody keeps a schedule."""

from locust import constant_throughput, task
from recording import RecordedUser, recording

recording.listen()


class Asking(RecordedUser):
    """Patient: a stall shows in full."""

    network_timeout = 60.0
    wait_time = constant_throughput(10)

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/text")
