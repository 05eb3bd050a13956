"""Runs of one experiment one after the other, and the baselines made of them."""
