"""Comparisons, each measured side by side in one run: ratios travel between machines, absolute times do not."""
