"""Our user: a request a task, recorded where --evidence says so."""

from locust import task
from recording import RecordedUser, recording

recording.listen()


class Ours(RecordedUser):
    """Asks for the catalogue."""

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/api/products")
