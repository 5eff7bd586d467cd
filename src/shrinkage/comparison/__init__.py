"""L1 against L2 side by side on one data set."""

from shrinkage.comparison.contest import compare
from shrinkage.comparison.result import Comparison
from shrinkage.comparison.target import FamilyChoice, choose_family

__all__ = ["Comparison", "FamilyChoice", "choose_family", "compare"]
