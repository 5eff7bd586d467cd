"""X as one object: dense, sparse, or a data frame with names and categories."""

from shrinkage.design.correlations import MOST_CORRELATED, correlations
from shrinkage.design.encoding import Columns, encode
from shrinkage.design.frame import FrameEncoder, column_names, is_frame, split_column, split_target
from shrinkage.design.matrix import Matrix, as_matrix

__all__ = [
    "MOST_CORRELATED",
    "Columns",
    "FrameEncoder",
    "Matrix",
    "as_matrix",
    "column_names",
    "correlations",
    "encode",
    "is_frame",
    "split_column",
    "split_target",
]
