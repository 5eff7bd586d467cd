"""Figures and tables from plain arrays and strings; knows nothing of models."""

from shrinkage.draw.table import aligned, decimals, html_table, significant, visible

__all__ = ["aligned", "decimals", "html_table", "significant", "visible"]
