"""Proof that the suite can fail: which experiment notices which mechanism that was taken away."""

from reports.proof.cells import CAUGHT, MISSED, OTHER, UNKNOWN, UNTRIED, Cell, judged
from reports.proof.matrix import Matrix, read_matrix

__all__ = ["CAUGHT", "MISSED", "OTHER", "UNKNOWN", "UNTRIED", "Cell", "Matrix", "judged", "read_matrix"]
