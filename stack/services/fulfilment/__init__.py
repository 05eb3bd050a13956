"""Fulfils each accepted order once."""
