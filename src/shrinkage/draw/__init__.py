"""Figures and tables from plain arrays and strings; knows nothing of models."""

from shrinkage.draw.calibration import Reliability, calibration_figure
from shrinkage.draw.errors_over_alpha import ErrorCurves, error_figure, stretches
from shrinkage.draw.figure import describe, description_of, png_of, svg_of
from shrinkage.draw.path import path_figure
from shrinkage.draw.roc import RocLine, roc_figure
from shrinkage.draw.table import aligned, decimals, html_table, significant, visible

__all__ = [
    "ErrorCurves",
    "Reliability",
    "RocLine",
    "aligned",
    "calibration_figure",
    "decimals",
    "describe",
    "description_of",
    "error_figure",
    "html_table",
    "path_figure",
    "png_of",
    "roc_figure",
    "significant",
    "stretches",
    "svg_of",
    "visible",
]
