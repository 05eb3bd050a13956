"""Locust's fast user: a request a task, in closed loop, nothing recorded."""

from locust import FastHttpUser, task


class Fast(FastHttpUser):
    """Asks for the catalogue."""

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/api/products")
