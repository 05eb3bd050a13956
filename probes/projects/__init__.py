"""Compose projects of anybody's: what is in them, what can be done to them, and experiments for a beginning."""
