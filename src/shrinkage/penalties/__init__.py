"""Penalties as values: what they cost, their proximal step, and when a point is stationary."""

from shrinkage.penalties.entries import L1, L2, ElasticNet, shrink_entries
from shrinkage.penalties.groups import GroupLasso, SparseGroupLasso, kept_axes
from shrinkage.penalties.penalty import SKIPPED, Penalty

__all__ = [
    "L1",
    "L2",
    "SKIPPED",
    "ElasticNet",
    "GroupLasso",
    "Penalty",
    "SparseGroupLasso",
    "kept_axes",
    "shrink_entries",
]
