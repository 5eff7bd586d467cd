"""L1 against L2 side by side on one data set."""

from shrinkage.comparison.contest import compare
from shrinkage.comparison.result import Comparison

__all__ = ["Comparison", "compare"]
