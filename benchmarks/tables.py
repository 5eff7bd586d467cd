"""Rows of Markdown tables."""

from benchmarks.suite import Row


def row_of(*cells: str) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def short(row: Row) -> str:
    """Name a row where a reader sees it."""
    family = "" if row.family == "gaussian" else f"{row.family} "
    ratio = "" if row.l1_ratio in (0.0, 1.0) else f", l1_ratio {row.l1_ratio:g}"
    grid = "" if row.grid == "usual" else ", our default grid"
    ridge = ", ridge" if row.l1_ratio == 0.0 else ""
    task = {"crossval": ", 10 folds", "loo": ", leave-one-out", "one": ", one alpha"}
    return f"{family}{row.problem}{ratio}{grid}{ridge}{task.get(row.task, '')}"
