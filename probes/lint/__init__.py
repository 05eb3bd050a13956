"""The linter: what a Compose file or an experiment promises and cannot keep."""
