"""Proof that experiments can fail: each against a stack without one of its mechanisms."""
