"""Figures and tables from plain arrays and strings; knows nothing of models."""

from shrinkage.draw.figure import ErrorCurves, error_figure, path_figure, svg_of
from shrinkage.draw.table import aligned, decimals, html_table, significant, visible

__all__ = [
    "ErrorCurves",
    "aligned",
    "decimals",
    "error_figure",
    "html_table",
    "path_figure",
    "significant",
    "svg_of",
    "visible",
]
