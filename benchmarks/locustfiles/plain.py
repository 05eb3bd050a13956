"""Locust's plain user: a request a task, in closed loop, nothing recorded."""

from locust import HttpUser, task


class Plain(HttpUser):
    """Asks for the catalogue."""

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/api/products")
