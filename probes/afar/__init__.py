"""The load from several nodes of a swarm: Locust's own workers there, their evidence in the run's folder here."""
