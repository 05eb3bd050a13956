"""A Locust file whose users no schedule can drive."""

from locust import FastHttpUser, task
from recording import recording

recording.listen()


class Foreign(FastHttpUser):
    """Not ours."""

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/text")
